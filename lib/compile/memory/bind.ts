import type { Node } from '../../graph/node.js';
import { elementCount } from '../../tensor.js';
import type { StorageOf } from '../lower/fused.js';
import { copyUnit } from '../lower/lower.js';
import type { MutableBinding, Storage, Unit } from '../program/ir.js';
import { type ViewPlan, wholeView } from '../views.js';
import { Dependencies } from './dependencies.js';
import { canOverwrite } from './overwrite.js';

export interface Results {
  /** Values to write to bindings of their own. */
  readonly outputs: readonly { readonly value: Node; readonly binding: MutableBinding }[];
  /** Values to write over the inputs that they replace. */
  readonly updates: readonly { readonly target: Node; readonly value: Node; readonly binding: MutableBinding }[];
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
 * Decides how each result reaches its binding, and which units have to wait for which: its producer writes there directly when
 * nothing still needs what it overwrites, else a copy follows.
 */
export function bindResults(
  units: readonly Unit[],
  { outputs, updates }: Results,
  views: ViewPlan,
  storageOf: StorageOf,
  options: BindOptions,
): BoundUnits {
  const producerOf = new Map<Storage, Unit>();
  for (const unit of units) for (const storage of unit.writes) producerOf.set(storage, unit);
  const dependencies = new Dependencies();
  const all: Unit[] = [];
  const add = (unit: Unit): void => {
    all.push(unit);
    for (const storage of unit.writes) producerOf.set(storage, unit);
    const producers = unit.reads.map((storage) => producerOf.get(storage)).filter((producer) => producer !== undefined);
    dependencies.add(unit, producers);
  };
  for (const unit of units) add(unit);

  const boundStorage = (value: Node, binding: MutableBinding): Storage => ({
    dtype: value.dtype,
    elementCount: elementCount(value.shape),
    place: { kind: 'binding', binding },
  });
  const copy = (label: string, value: Node, target: Storage): Unit => {
    const unit = copyUnit(label, views.viewOf(value), target, storageOf, false);
    add(unit);
    return unit;
  };
  /** The producer of a value that has arena memory of its own, which may be moved into a binding. */
  const movable = (value: Node): Unit | undefined => {
    if (views.viewOf(value).base !== value) return undefined;
    const storage = storageOf(value);
    return storage.place.kind === 'arena' ? producerOf.get(storage) : undefined;
  };

  for (const { value, binding } of outputs) {
    const producer = movable(value);
    // Work done once a run can neither write an output of every step nor read an output back.
    const beyondPrologue = binding.perStep || dependencies.readers(storageOf(value)).length > 0;
    if (options.inPlace && producer && !(producer.invariant && beyondPrologue)) {
      storageOf(value).place = { kind: 'binding', binding };
    } else {
      copy(`output ${binding.name}`, value, boundStorage(value, binding));
    }
  }

  // A new value that is, or is part of, an input's old value is set aside before any input is overwritten.
  const overwritten = new Set(updates.map(({ target }) => target));
  const setAside = new Map<Node, Storage>();
  for (const { value, binding } of updates) {
    if (setAside.has(value) || !overwritten.has(views.viewOf(value).base)) continue;
    const storage: Storage = {
      dtype: value.dtype,
      elementCount: elementCount(value.shape),
      place: { kind: 'arena', offset: 0 },
    };
    setAside.set(value, storage);
    copy(`save ${binding.name}`, value, storage);
  }

  for (const { target, value, binding } of updates) {
    const old = storageOf(target);
    const producer = setAside.has(value) ? undefined : movable(value);
    const readers = dependencies.readers(old);
    const direct =
      options.inPlace &&
      producer !== undefined &&
      !producer.invariant &&
      readers.every((reader) =>
        reader === producer
          ? canOverwrite(producer, old, storageOf(value))
          : !dependencies.mustPrecede(producer, reader),
      );
    const aside = setAside.get(value);
    let writer: Unit;
    if (direct) {
      storageOf(value).place = { kind: 'binding', binding };
      writer = producer;
    } else if (aside) {
      const whole = wholeView(value);
      writer = copyUnit(`update ${binding.name}`, whole, boundStorage(value, binding), () => aside, false);
      add(writer);
    } else {
      writer = copy(`update ${binding.name}`, value, boundStorage(value, binding));
    }
    for (const reader of readers) dependencies.require(reader, writer);
  }
  setAccess(all);
  return { units: all, after: dependencies.after() };
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
