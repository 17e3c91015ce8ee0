import {
  abs,
  add,
  clip,
  div,
  greater,
  less,
  maximum,
  minimum,
  mul,
  type Node,
  reduceSum,
  sqrt,
  square,
  stopGradient,
  sub,
  where,
} from '../../graph/index.js';
import { dotOfSlices, inUnits, spread } from '../vectors.js';
import { sliceAxes } from './set.js';

/** Newton steps. */
const steps = 30;

/** In place of 0, by which nothing can be divided. */
const tiny = 1e-30;

/**
 * The nearest point to y of { x : |x - c|_2 <= radius, low <= x_i <= high }, for a c within the box. It is
 *
 *     clip(c + s (y - c), low, high)
 *
 * for s = 1 where that is in the ball, else for the s in (0, 1) that brings it to the surface: the stationary point of
 * |x - y|^2 + m |x - c|^2 over the box, with s = 1 / (1 + m). The squared distance to c,
 *
 *     phi = sum of min(s |d_i|, b_i)^2,   d = y - c, b_i the room of element i in the direction of d_i,
 *
 * is increasing, concave and piecewise linear in s^2. Newton's method from below therefore stays below the root and
 * reaches it after finitely many steps, in each of which what is missing times the slope falls by a factor of 4 or
 * more. With F and U the shares of phi of the elements at an end and of the others, a step is
 *
 *     s <- s sqrt((radius^2 - F) / U)
 *
 * To project to the box and then to the ball, or the other way round, gives another point. The first `batchAxes` axes
 * of y count points.
 */
export function projectToBoxedL2Ball(
  y: Node,
  c: Node,
  radius: number,
  [low, high]: readonly [low: number, high: number],
  batchAxes: number,
): Node {
  const axes = sliceAxes(y, batchAxes);
  const total = (x: Node): Node => reduceSum(x, axes, { keepDims: true });
  // In units of the radius.
  const offset = div(sub(y, c), radius);
  const clipped = clip(y, low, high);
  const isOutside = greater(total(square(div(sub(clipped, c), radius))), 1);
  const room = stopGradient(abs(div(where(less(offset, 0), sub(low, c), sub(high, c)), radius)));
  const newton = (lengths: Node, s: Node): Node => {
    const reached = mul(s, lengths);
    const isFree = less(reached, room);
    const free = total(where(isFree, square(reached), 0));
    const used = where(isOutside, maximum(free, tiny), 1);
    // Rounding alone could make it less.
    const missing = maximum(sub(1, total(where(isFree, 0, square(minimum(reached, room))))), stopGradient(used));
    return minimum(1, mul(s, sqrt(div(missing, used))));
  };
  const lengths = abs(offset);
  const fixed = stopGradient(lengths);
  // The first step of all, in which no element has come to an end.
  const { unit, parts } = inUnits([fixed], tiny, batchAxes);
  const length = mul(unit, sqrt(maximum(dotOfSlices(parts, parts, batchAxes), tiny)));
  let s = minimum(1, spread(div(1, length), y.shape.length));
  for (let step = 0; step < steps; step++) s = newton(fixed, s);
  // One more step, from a constant, has the derivative of the root.
  const share = where(isOutside, newton(lengths, stopGradient(s)), 1);
  return where(isOutside, clip(add(c, mul(share, sub(y, c))), low, high), clipped);
}
