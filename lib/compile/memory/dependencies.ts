import type { Storage, Unit } from '../program/ir.js';

/** Which units must run before which others. */
export class Dependencies {
  readonly #after = new Map<Unit, Set<Unit>>();
  readonly #readersOf = new Map<Storage, Unit[]>();

  /** Adds a unit behind the producers of what it reads. */
  add(unit: Unit, producers: Iterable<Unit>): void {
    this.#laterThan(unit);
    for (const producer of producers) this.require(producer, unit);
    for (const storage of unit.reads) {
      const readers = this.#readersOf.get(storage);
      if (readers) readers.push(unit);
      else this.#readersOf.set(storage, [unit]);
    }
  }

  require(earlier: Unit, later: Unit): void {
    if (earlier !== later) this.#laterThan(earlier).add(later);
  }

  readers(storage: Storage): readonly Unit[] {
    return this.#readersOf.get(storage) ?? [];
  }

  /** Every unit with those that wait for it. */
  after(): ReadonlyMap<Unit, ReadonlySet<Unit>> {
    return this.#after;
  }

  /** Whether `later` has to wait for `earlier`, directly or through others. */
  mustPrecede(earlier: Unit, later: Unit): boolean {
    const behind = new Set(this.#laterThan(earlier));
    // A set visits the members that are added while it is iterated.
    for (const unit of behind) {
      if (unit === later) return true;
      for (const next of this.#laterThan(unit)) behind.add(next);
    }
    return false;
  }

  #laterThan(unit: Unit): Set<Unit> {
    const known = this.#after.get(unit);
    if (known) return known;
    const made = new Set<Unit>();
    this.#after.set(unit, made);
    return made;
  }
}
