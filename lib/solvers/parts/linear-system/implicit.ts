import { minus, type Vector } from '../../../bilevel/index.js';
import type { MethodBuilder, PhaseOptions } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import { assign, type Level } from '../../machine/level.js';
import type { Phase } from '../../machine/phase.js';
import { lowerPhase } from '../lower-phase.js';
import type { LinearSystem } from './linear-system.js';

/**
 * A step of u along grad_u f - grad_uv g z, the hypergradient where v solves the lower level and z the linear system.
 * @param upperGradient grad_u f, kept from the mini-batch on which z was started
 */
export function implicitUpperPhase(
  b: MethodBuilder,
  upper: Level,
  { z, upperGradient }: { readonly z: Vector; readonly upperGradient: Vector },
  options: PhaseOptions = {},
): Phase {
  return b.phase(
    'upper',
    (o) => {
      const direction = minus(upperGradient, o.jacobianVectorProduct(z));
      return { updates: upper.step(direction), reports: { hypergradient: direction } };
    },
    options,
  );
}

export interface ImplicitParts extends PhaseOptions {
  readonly upper: Level;
  readonly lower: Level;
  readonly system: LinearSystem;
  readonly lowerSteps: number;
  /** Steps on the linear system, by the number of the iteration if they differ. */
  readonly linearSteps: number | ((index: number) => number);
  readonly warmStart: boolean;
  /** Where v starts in every iteration, by u; with it warmStart means its optimizer alone. */
  readonly start?: Vector;
}

/** An iteration of approximate implicit differentiation: steps of v, steps on the linear system, a step of u. */
export function implicitIteration(
  b: MethodBuilder,
  { upper, lower, system, lowerSteps, linearSteps, warmStart, start, ...options }: ImplicitParts,
): (iteration: Iteration) => Promise<object> {
  const begin =
    start === undefined ? undefined : b.phase('lowerStart', () => ({ updates: assign(lower.nodes, start) }));
  const lowerStep = lowerPhase(b, lower, options);
  const upperStep = implicitUpperPhase(b, upper, system, options);
  return async (iteration) => {
    if (!warmStart) iteration.restart(lower);
    if (begin !== undefined) await iteration.run(begin);
    await iteration.run(lowerStep, lowerSteps);
    await system.solve(iteration, typeof linearSteps === 'number' ? linearSteps : linearSteps(iteration.index));
    await iteration.run(upperStep);
    return {};
  };
}
