import {
  abs,
  div,
  greater,
  maximum,
  mul,
  reduceMax,
  reduceSum,
  sqrt,
  square,
  stopGradient,
  where,
} from '../../graph/index.js';
import { type BallOptions, radialBall, stateBall } from './ball.js';
import type { ConvexSet } from './set.js';

/**
 * { x : |x - center|_2 <= radius }, the norm taken over all elements.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; INVALID_DATA for a center that is not finite
 */
export function l2Ball(radius: number, options: BallOptions = {}): ConvexSet {
  return radialBall(stateBall('l2Ball', radius, options), (offset, axes) => {
    const keepDims = { keepDims: true };
    // Squares of elements of at most 1 do not overflow. A direction has no scale, so this one is a constant for
    // derivatives.
    const scale = stopGradient(maximum(reduceMax(abs(offset), axes, keepDims), radius));
    const scaled = div(offset, scale);
    const squared = reduceSum(square(scaled), axes, keepDims);
    const outside = greater(squared, square(div(radius, scale)));
    // Inside, where the length may be 0, 1 stands for it: a root of 0 has no derivative.
    return { outside, surface: mul(scaled, div(radius, sqrt(where(outside, squared, 1)))) };
  });
}
