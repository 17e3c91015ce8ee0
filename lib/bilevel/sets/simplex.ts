import {
  add,
  cast,
  div,
  greater,
  maximum,
  minimum,
  type Node,
  reduceMax,
  reduceSum,
  relu,
  stopGradient,
  sub,
} from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import { endOperand } from './box.js';
import { projectToBoxedSimplex } from './boxed-simplex.js';
import { type ConvexSet, checkSize, misfit, sliceAxes } from './set.js';

/**
 * { x : x_i >= 0, sum of all elements = total }, for example weights that share a budget. `total` is 1 by default.
 * @throws INVALID_ARGUMENT unless total is a positive number
 */
export function simplex(total = 1): ConvexSet {
  checkSize('total of simplex', total);
  const description = `simplex(${total})`;
  return Object.freeze<ConvexSet>({
    name: 'simplex',
    description,
    rowwise: false,
    project: (value, batchAxes) => projectToSimplex(value, total, sliceAxes(value, batchAxes)),
    projectInBox: ([low, high]) => {
      const ends = [maximum(endOperand(low), 0), minimum(endOperand(high), total)] as const;
      return (value, batchAxes) => projectToBoxedSimplex(value, total, ends, sliceAxes(value, batchAxes));
    },
    check(what, shape) {
      if (elementCount(shape) === 0) throw misfit(what, { description }, 'at least one element', shape);
    },
  });
}

/**
 * The nearest point to x of { x >= 0, sum over `axes` = total }: max(x - theta, 0) with the root theta of
 *
 *     excess(theta) = sum of max(x - theta, 0) - total,
 *
 * found by Newton's method (Michelot, "A finite algorithm for finding the projection of a point onto the canonical
 * simplex of R^n", 1986), which here starts at max(x) - total <= theta. The excess is convex, decreasing and piecewise
 * linear with slope -count, the number of elements above theta, so every iterate stays below the root, and convexity
 * gives excess'/excess + count'/count <= 1 for a step: excess * count falls by a factor of 4 or more. It starts at n^2
 * total at most; hence after log2(n) + 12 steps excess <= 2^-24 total, the rounding of float32, however the elements
 * lie.
 */
export function projectToSimplex(x: Node, total: number, axes: readonly number[]): Node {
  const keepDims = { keepDims: true };
  // A shift of x shifts theta alike and leaves the projection, so the largest element is a constant for derivatives.
  const shifted = sub(x, stopGradient(reduceMax(x, axes, keepDims)));
  const newton = (y: Node, theta: Node | number): Node => {
    const above = sub(y, theta);
    const count = reduceSum(cast(greater(above, 0), 'float32'), axes, keepDims);
    return add(theta, div(sub(reduceSum(relu(above), axes, keepDims), total), count));
  };
  const fixed = stopGradient(shifted);
  const size = elementCount(axes.map((axis) => x.shape[axis] ?? 1));
  const steps = Math.ceil(Math.log2(size)) + 12;
  let theta: Node | number = -total;
  for (let step = 0; step < steps; step++) theta = newton(fixed, theta);
  // One more step, from a constant: it is linear in the elements above theta and so has the derivative of the root.
  return relu(sub(shifted, newton(shifted, theta)));
}
