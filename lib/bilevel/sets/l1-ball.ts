import { abs, greater, mul, reduceSum, sign } from '../../graph/index.js';
import { type BallOptions, radialBall, stateBall } from './ball.js';
import { type ConvexSet, sliceAxes } from './set.js';
import { projectToSimplex } from './simplex.js';

/**
 * { x : sum of |x_i - center_i| <= radius }. Outside, the magnitudes are projected to the simplex of that total and
 * keep their signs (Duchi et al., "Efficient projections onto the l1-ball for learning in high dimensions", ICML 2008).
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; INVALID_DATA for a center that is not finite
 */
export function l1Ball(radius: number, options: BallOptions = {}): ConvexSet {
  return radialBall(stateBall('l1Ball', radius, options, ['byRow']), (offset, batchAxes) => {
    const axes = sliceAxes(offset, batchAxes);
    const magnitudes = abs(offset);
    return {
      outside: greater(reduceSum(magnitudes, axes, { keepDims: true }), radius),
      surface: mul(sign(offset), projectToSimplex(magnitudes, radius, axes)),
    };
  });
}
