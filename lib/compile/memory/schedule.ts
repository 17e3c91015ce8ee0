import { BilevelError } from '../../errors.js';
import { type Storage, storageBytes, type Unit } from '../program/ir.js';

/**
 * The order in which units run: the invariant ones, then those of the step. Of the units that wait for nothing any
 * more, one that frees at least as much memory as it takes comes first, else the one that became ready last. So a
 * branch of the graph is followed to its end before the next one is begun: what was just written is read while it is in
 * the caches, and the values of two branches are not alive together. Among equals the units keep the order in which
 * they are given.
 * @param units in an order in which their operations were stated
 * @param after the units that wait for each
 */
export function schedule(units: readonly Unit[], after: ReadonlyMap<Unit, ReadonlySet<Unit>>): Unit[] {
  return checkComplete(
    sections(units).flatMap((section) => new Scheduler(section, after).order()),
    units,
  );
}

/**
 * The order in which units become ready: the invariant ones, then those of the step. Parameters as for
 * {@link schedule}.
 */
export function statedOrder(units: readonly Unit[], after: ReadonlyMap<Unit, ReadonlySet<Unit>>): Unit[] {
  const waiting = new Map(units.map((unit) => [unit, 0]));
  for (const later of after.values()) for (const unit of later) waiting.set(unit, (waiting.get(unit) as number) + 1);
  const ready = units.filter((unit) => waiting.get(unit) === 0);
  // A list visits the members that are added while it is iterated.
  for (const unit of ready) {
    for (const next of after.get(unit) ?? []) {
      const left = (waiting.get(next) as number) - 1;
      waiting.set(next, left);
      if (left === 0) ready.push(next);
    }
  }
  return checkComplete(sections(ready).flat(), units);
}

function sections(units: readonly Unit[]): Unit[][] {
  return [true, false].map((invariant) => units.filter((unit) => unit.invariant === invariant));
}

/** A cycle would leave units waiting for ever, and the program without them. */
function checkComplete(ordered: Unit[], units: readonly Unit[]): Unit[] {
  if (ordered.length < units.length) throw new BilevelError('INVALID_PROGRAM', 'Instructions wait for each other.');
  return ordered;
}

class Scheduler {
  readonly #units: readonly Unit[];
  readonly #after: readonly (readonly number[])[];
  /** How many units each one still waits for. */
  readonly #waiting: Int32Array;
  /** By how many bytes the values in memory grow when the unit runs. */
  readonly #growth: Float64Array;
  /** The units that have not run yet and read a value. */
  readonly #readers = new Map<Storage, Set<number>>();
  readonly #done: Uint8Array;
  /** Stacks of units that wait for nothing; those that turned out to free memory stand in both. */
  readonly #ready: number[] = [];
  readonly #freeing: number[] = [];

  constructor(units: readonly Unit[], after: ReadonlyMap<Unit, ReadonlySet<Unit>>) {
    this.#units = units;
    const numbers = new Map(units.map((unit, number) => [unit, number]));
    this.#after = units.map((unit) =>
      [...(after.get(unit) ?? [])].map((next) => numbers.get(next)).filter((next) => next !== undefined),
    );
    this.#waiting = new Int32Array(units.length);
    for (const next of this.#after.flat()) this.#waiting[next] = (this.#waiting[next] as number) + 1;
    this.#done = new Uint8Array(units.length);
    this.#growth = Float64Array.from(units, ({ writes }) =>
      writes.reduce((sum, storage) => sum + arenaBytes(storage), 0),
    );
    for (const [number, { reads }] of units.entries()) {
      for (const storage of reads) {
        const readers = this.#readers.get(storage);
        if (readers) readers.add(number);
        else this.#readers.set(storage, new Set([number]));
      }
    }
    for (const [storage, readers] of this.#readers) this.#noteLastReader(storage, readers);
  }

  order(): Unit[] {
    const ordered: Unit[] = [];
    this.#push([...this.#units.keys()].filter((number) => this.#waiting[number] === 0));
    for (let number = this.#pop(); number !== undefined; number = this.#pop()) {
      const unit = this.#units[number] as Unit;
      this.#done[number] = 1;
      ordered.push(unit);
      for (const storage of unit.reads) {
        const readers = this.#readers.get(storage) as Set<number>;
        readers.delete(number);
        this.#noteLastReader(storage, readers);
      }
      this.#push((this.#after[number] as readonly number[]).filter((next) => this.#release(next)));
    }
    return ordered;
  }

  /** Whether a unit waits for nothing any more, one that it waited for having run. */
  #release(number: number): boolean {
    const left = (this.#waiting[number] as number) - 1;
    this.#waiting[number] = left;
    return left === 0;
  }

  /** The last one to read a value frees it. */
  #noteLastReader(storage: Storage, readers: ReadonlySet<number>): void {
    if (readers.size !== 1) return;
    for (const last of readers) {
      const growth = (this.#growth[last] as number) - arenaBytes(storage);
      this.#growth[last] = growth;
      if (growth <= 0 && this.#waiting[last] === 0) this.#freeing.push(last);
    }
  }

  #push(numbers: number[]): void {
    for (const number of numbers.sort((a, b) => b - a)) {
      ((this.#growth[number] as number) <= 0 ? this.#freeing : this.#ready).push(number);
    }
  }

  #pop(): number | undefined {
    for (const stack of [this.#freeing, this.#ready]) {
      for (let number = stack.pop(); number !== undefined; number = stack.pop()) {
        if (this.#done[number] === 0) return number;
      }
    }
    return undefined;
  }
}

/** What a value takes of the arena. */
function arenaBytes(storage: Storage): number {
  return storage.place.kind === 'arena' ? storageBytes(storage) : 0;
}
