import {
  add,
  and,
  cast,
  clip,
  div,
  greater,
  less,
  maximum,
  mul,
  type Node,
  neg,
  type Operand,
  reduceMax,
  reduceSum,
  stopGradient,
  sub,
  where,
} from '../../graph/index.js';

/** Halvings: what is left of the first bracket is below the rounding of float32 by far. */
const halvings = 50;

/**
 * The nearest point to y of { low <= x_i <= high, sum over `axes` = total }, for 0 <= low and high <= total: it is
 * clip(y - theta, low, high) with the root theta of
 *
 *     excess(theta) = sum of clip(y_i - theta, low, high) - total,
 *
 * which falls and is piecewise linear. Its piece is found by halving, the root within it by a Newton step, which is
 * exact there and has the derivative of the root.
 */
export function projectToBoxedSimplex(
  y: Node,
  total: number,
  [low, high]: readonly [low: Operand, high: Operand],
  axes: readonly number[],
): Node {
  const keepDims = { keepDims: true };
  const sum = (x: Node): Node => reduceSum(x, axes, keepDims);
  const excess = (shifted: Node): Node => sub(sum(clip(shifted, low, high)), total);
  const fixed = stopGradient(y);
  let from = neg(reduceMax(sub(high, fixed), axes, keepDims));
  let to = reduceMax(sub(fixed, low), axes, keepDims);
  for (let step = 0; step < halvings; step++) {
    const middle = add(mul(0.5, from), mul(0.5, to));
    const isBelow = greater(excess(sub(fixed, middle)), 0);
    [from, to] = [where(isBelow, middle, from), where(isBelow, to, middle)];
  }
  const theta = add(mul(0.5, from), mul(0.5, to));
  // Elements near theta keep their differences in float32, however large they are.
  const shifted = sub(y, theta);
  const isFree = and(greater(shifted, low), less(shifted, high));
  const free = sum(cast(isFree, 'float32'));
  const rest = div(where(greater(free, 0), excess(shifted), 0), maximum(free, 1));
  return clip(sub(shifted, rest), low, high);
}
