import { type Oracles, plusScaled, smallestNormal, type Vector } from '../../../bilevel/index.js';
import { div, maximum, mul, type Node } from '../../../graph/index.js';
import type { PhaseOptions } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';

/** A way of solving (grad_vv g + tikhonov I) z = grad_v f at the present point. */
export interface LinearSystem {
  /** The solution, for later phases. */
  readonly z: Vector;
  /** grad_u f on the mini-batch of the right-hand side, for later phases. */
  readonly upperGradient: Vector;
  /** Makes `steps` steps from the start. */
  solve(iteration: Iteration, steps: number): Promise<void>;
}

export interface LinearSystemOptions extends PhaseOptions {
  /** Coefficient of the identity that is added to the Hessian; 0 by default. */
  readonly tikhonov?: number;
}

/** |b - A z| / |b| of both lengths, per trial: 0 where the first is, and finite where only the second is. */
export function relativeResidual(residual: Node, rightSide: Node): Node {
  return div(residual, maximum(rightSide, maximum(mul(1e-30, residual), smallestNormal)));
}

/** (grad_vv g + tikhonov I) w */
export function systemProduct(o: Oracles, w: Vector, tikhonov: number): Vector {
  const product = o.hessianVectorProduct(w);
  return tikhonov === 0 ? product : plusScaled(product, tikhonov, w);
}
