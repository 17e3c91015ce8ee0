import { minus, plusScaled, type Variable, type Vector } from '../../../bilevel/index.js';
import type { Schedule } from '../../../schedules/index.js';
import type { MethodBuilder } from '../../machine/builder.js';
import { assign, type Update } from '../../machine/level.js';

/** A stochastic estimate that is corrected by what the one before was off at the old point. */
export interface RecursiveMomentum {
  /** The direction kept last. */
  readonly last: Vector;
  /** The new direction from the same estimator on the same samples at the present and at the old point. */
  direction(present: Vector, old: Vector): Vector;
  /** Keeps the new direction for the next iteration. */
  keep(direction: Vector): Update[];
}

/**
 * d_k = new_k + (1 - a_k) (d_{k-1} - old_k): STORM (Cutkosky and Orabona 2019). d_0 = new_0, whatever a_0 is, so the
 * old point of the first iteration has to be one where the estimate is finite: the start.
 * @param name of the state's vector that holds d
 * @param like the variables whose shapes d has
 * @param momentum a_k by iteration; 1 is plain descent along new_k, 0 is SARAH
 */
export function recursiveMomentum(
  b: MethodBuilder,
  name: string,
  like: readonly Variable[],
  momentum: Schedule,
): RecursiveMomentum {
  return recursiveMomentumOf(b, name, b.vector(name, like), momentum);
}

/** The same of any tensors of the state, `last`, that start at zero. */
export function recursiveMomentumOf(
  b: MethodBuilder,
  name: string,
  last: Vector,
  momentum: Schedule,
): RecursiveMomentum {
  const memory = b.scalar(`memory.${name}`, ({ counters: { iteration = 0 } }) =>
    iteration === 0 ? 0 : 1 - momentum.at(iteration),
  );
  return {
    last,
    direction: (present, old) => plusScaled(present, memory, minus(last, old)),
    keep: (direction) => assign(last, direction),
  };
}

/** Where variables were when an iteration before kept them, in the state; at first where they start. */
export function oldPoint(b: MethodBuilder, name: string, like: readonly Variable[]): Vector {
  return b.vector(`old.${name}`, like, { from: 'start' });
}

/** Row of an option table for the coefficient a_k of {@link recursiveMomentum}. */
export function momentumOption(momentum: Schedule, text: string, source: string) {
  return { kind: 'schedule', min: 0, max: 1, default: momentum, text, source } as const;
}
