import { minus } from '../../../bilevel/index.js';
import type { LevelParts, MethodBuilder } from '../../machine/builder.js';
import { assign } from '../../machine/level.js';
import { type LinearSystem, type LinearSystemOptions, relativeResidual, systemProduct } from './linear-system.js';

export interface SystemDescentOptions extends LinearSystemOptions {
  /**
   * What z descends along, with r = (grad_vv g + tikhonov I) z - grad_v f: `residual` along r, the gradient of the
   * quadratic form whose minimum is the solution, by one product; `leastSquares` along (grad_vv g + tikhonov I) r, the
   * gradient of
   * |r|^2 / 2, by two, which descends for an indefinite Hessian too.
   */
  readonly along: 'residual' | 'leastSquares';
}

/**
 * Steps of an optimizer on the linear system. z and the optimizer go on from iteration to iteration, from z = 0. The
 * relative residual is that which the last step starts from, on its mini-batch.
 */
export function systemDescent(
  b: MethodBuilder,
  mover: LevelParts,
  { along, tikhonov = 0, ...options }: SystemDescentOptions,
): LinearSystem {
  const system = b.auxiliary('z', b.lowerVariables, mover);
  const right = b.scratchVector('rightSide', b.lowerVariables);
  const upperGradient = b.scratchVector('upperGradient', b.upperVariables);
  const start = b.phase(
    'linearSystemStart',
    (o) => {
      const { u, v } = o.fGradient();
      return { updates: [...assign(upperGradient, u), ...assign(right, v)], reports: { f: o.f } };
    },
    options,
  );
  const step = b.phase(
    'linearSystem',
    (o) => {
      const residual = minus(systemProduct(o, system.nodes, tikhonov), right);
      return {
        updates: system.step(along === 'residual' ? residual : systemProduct(o, residual, tikhonov)),
        reports: { linearResidual: relativeResidual(b.norm(residual), b.norm(right)) },
      };
    },
    options,
  );
  return {
    z: system.nodes,
    upperGradient,
    async solve(iteration, steps) {
      await iteration.run(start);
      await iteration.run(step, steps);
    },
  };
}
