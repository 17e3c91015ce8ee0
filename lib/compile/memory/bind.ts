import type { Node } from '../../graph/node.js';
import { copyUnit } from '../lower/lower.js';
import { type MutableBinding, type Storage, type StorageOf, storageFor, type Unit } from '../program/ir.js';
import { type NodeView, type ViewPlan, wholeView } from '../views.js';
import { Dependencies } from './dependencies.js';
import { canOverwrite } from './overwrite.js';

/** A value to write to a binding of its own. */
interface Output {
  readonly value: Node;
  readonly binding: MutableBinding;
}

/** A value to write over the input that it replaces. */
interface Update extends Output {
  readonly target: Node;
}

export interface Results {
  readonly outputs: readonly Output[];
  readonly updates: readonly Update[];
}

export interface BindOptions {
  /** Without it every result is computed beside its binding and copied at the end of the step. */
  readonly inPlace: boolean;
}

export interface BoundUnits {
  /** All units, unordered. */
  readonly units: readonly Unit[];
  /** Every unit with those that wait for it. */
  readonly after: ReadonlyMap<Unit, ReadonlySet<Unit>>;
}

/**
 * Decides how each result reaches its binding, and which units have to wait for which: its producer writes there
 * directly when nothing still needs what it overwrites, else a copy follows.
 */
export function bindResults(
  units: readonly Unit[],
  { outputs, updates }: Results,
  views: ViewPlan,
  storageOf: StorageOf,
  options: BindOptions,
): BoundUnits {
  const binder = new Binder(units, views, storageOf, options);
  for (const output of outputs) binder.bindOutput(output);
  const aside = binder.setAside(updates);
  for (const update of updates) binder.bindUpdate(update, aside.get(update.value));
  setAccess(binder.units);
  return { units: binder.units, after: binder.dependencies.after() };
}

class Binder {
  readonly units: Unit[] = [];
  readonly dependencies = new Dependencies();
  readonly #producers = new Map<Storage, Unit>();
  readonly #views: ViewPlan;
  readonly #storageOf: StorageOf;
  readonly #inPlace: boolean;

  constructor(units: readonly Unit[], views: ViewPlan, storageOf: StorageOf, { inPlace }: BindOptions) {
    this.#views = views;
    this.#storageOf = storageOf;
    this.#inPlace = inPlace;
    for (const unit of units) for (const storage of unit.writes) this.#producers.set(storage, unit);
    for (const unit of units) this.#add(unit);
  }

  bindOutput({ value, binding }: Output): void {
    const producer = this.#movable(value);
    // Work done once a run can neither write an output of every step nor read an output back.
    const beyondPrologue = binding.perStep || this.dependencies.readers(this.#storageOf(value)).length > 0;
    if (producer && !(producer.invariant && beyondPrologue)) {
      this.#storageOf(value).place = { kind: 'binding', binding };
    } else {
      this.#copy(`output ${binding.name}`, this.#views.viewOf(value), boundStorage(value, binding));
    }
  }

  /** Copies of new values that are, or are part of, an input's old value, made before any input is overwritten. */
  setAside(updates: readonly Update[]): ReadonlyMap<Node, Storage> {
    const overwritten = new Set(updates.map(({ target }) => target));
    const aside = new Map<Node, Storage>();
    for (const { value, binding } of updates) {
      const view = this.#views.viewOf(value);
      if (aside.has(value) || !overwritten.has(view.base)) continue;
      const storage = storageFor(value);
      aside.set(value, storage);
      this.#copy(`save ${binding.name}`, view, storage);
    }
    return aside;
  }

  /** @param aside where the new value was set aside */
  bindUpdate({ target, value, binding }: Update, aside: Storage | undefined): void {
    const old = this.#storageOf(target);
    const readers = this.dependencies.readers(old);
    const producer = aside ? undefined : this.#movable(value);
    let writer: Unit;
    if (producer && this.#mayOverwrite(producer, value, old)) {
      this.#storageOf(value).place = { kind: 'binding', binding };
      writer = producer;
    } else {
      const source = aside ? wholeView(value) : this.#views.viewOf(value);
      const from = aside ? () => aside : this.#storageOf;
      writer = this.#copy(`update ${binding.name}`, source, boundStorage(value, binding), from);
    }
    for (const reader of readers) this.dependencies.require(reader, writer);
  }

  /** Whether the producer of a value may write it over an old one: all others that read that can come before. */
  #mayOverwrite(producer: Unit, value: Node, old: Storage): boolean {
    if (producer.invariant) return false;
    return this.dependencies
      .readers(old)
      .every((reader) =>
        reader === producer
          ? canOverwrite(producer, old, this.#storageOf(value))
          : !this.dependencies.mustPrecede(producer, reader),
      );
  }

  /** The producer of a value that has arena memory of its own, which may be moved into a binding. */
  #movable(value: Node): Unit | undefined {
    if (!this.#inPlace || this.#views.viewOf(value).base !== value) return undefined;
    const storage = this.#storageOf(value);
    return storage.place.kind === 'arena' ? this.#producers.get(storage) : undefined;
  }

  #copy(label: string, source: NodeView, target: Storage, from = this.#storageOf): Unit {
    const unit = copyUnit(label, source, target, from, false);
    for (const storage of unit.writes) this.#producers.set(storage, unit);
    this.#add(unit);
    return unit;
  }

  #add(unit: Unit): void {
    this.units.push(unit);
    const producers = unit.reads.map((storage) => this.#producers.get(storage));
    this.dependencies.add(
      unit,
      producers.filter((producer) => producer !== undefined),
    );
  }
}

function boundStorage(value: Node, binding: MutableBinding): Storage {
  return storageFor(value, { kind: 'binding', binding });
}

/** A binding's access is what the instructions do with it. */
function setAccess(units: readonly Unit[]): void {
  const use = { read: new Set<MutableBinding>(), write: new Set<MutableBinding>() };
  for (const { reads, writes } of units) {
    for (const { place } of reads) if (place.kind === 'binding') use.read.add(place.binding);
    for (const { place } of writes) if (place.kind === 'binding') use.write.add(place.binding);
  }
  for (const bound of use.write) bound.access = use.read.has(bound) ? 'readWrite' : 'write';
}
