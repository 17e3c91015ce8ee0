import { isOp, type Node } from '../../graph/node.js';
import { computedBy, type ProgramSpec } from '../spec.js';
import { type Parts, type RankOf, Sharding } from './sharding.js';

/** Steps that share memory, and which of it may be dealt. */
export interface Shared {
  readonly steps: readonly ProgramSpec[];
  /** Whether what is bound under a name may be dealt along an axis. */
  readonly mayDeal: (name: string, axis: number) => boolean;
}

/**
 * What steps that run one after the other had better keep dealt to the ranks: memory that they fill with parts, such as
 * the network of each task, so that nobody puts it together only to take it apart again. It is dealt where no step
 * needs all of it, or fewer than those that would have to put it together.
 */
export function partsOf({ steps, mayDeal }: Shared, ranks: RankOf): Parts {
  const computed = steps.map(computedBy);
  const usesOf = (parts: Parts): Uses => {
    const uses = new Uses();
    for (const step of computed) {
      const sharding = new Sharding(ranks, parts);
      sharding.visitAll(step);
      for (const [target, value] of step.updates) uses.write(nameOf(target), sharding.partAxisOf(value));
      sharding.finished(step);
      for (const name of sharding.gatheredInputs) uses.read(name);
    }
    return uses;
  };

  // What is kept dealt makes parts of what is computed from it.
  let parts: Parts = {};
  for (let count = -1; count < Object.keys(parts).length; ) {
    count = Object.keys(parts).length;
    parts = usesOf(parts).dealtBy(mayDeal);
  }
  for (;;) {
    const uses = usesOf(parts);
    const kept = Object.entries(parts).filter(([name, axis]) => uses.isWorth(name, axis));
    if (kept.length === Object.keys(parts).length) return parts;
    parts = Object.fromEntries(kept);
  }
}

const nameOf = (target: Node): string => (isOp(target, 'input') ? target.attributes.name : '');

/** How steps use what they share. */
class Uses {
  readonly #writes = new Map<string, (number | undefined)[]>();
  readonly #reads = new Map<string, number>();

  /** @param axis along which the new value is dealt */
  write(name: string, axis: number | undefined): void {
    const known = this.#writes.get(name) ?? [];
    this.#writes.set(name, [...known, axis]);
  }

  /** A step that needs it whole. */
  read(name: string): void {
    this.#reads.set(name, (this.#reads.get(name) ?? 0) + 1);
  }

  /** What is written as parts, along one axis. */
  dealtBy(mayDeal: Shared['mayDeal']): Parts {
    const found = [...this.#writes].flatMap(([name, axes]): [string, number][] => {
      const [axis, ...others] = new Set(axes.filter((each) => each !== undefined));
      return axis !== undefined && others.length === 0 && mayDeal(name, axis) ? [[name, axis]] : [];
    });
    return Object.fromEntries(found);
  }

  isWorth(name: string, axis: number): boolean {
    const written = this.#writes.get(name)?.filter((each) => each === axis).length ?? 0;
    const reads = this.#reads.get(name) ?? 0;
    return written > 0 && (reads === 0 || reads < written);
  }
}
