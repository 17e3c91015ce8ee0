import { checkKeys } from '../../errors.js';
import type { Shape } from '../../tensor.js';
import { createNode, type Node, requireNode } from '../node.js';
import { withOnes } from '../ops/infer.js';
import { list } from './arguments.js';
import { normalizeAxis } from './axis.js';
import { reshape } from './shape.js';

/** Options of reductions. */
export interface ReduceOptions {
  /** Whether the reduced axes stay, with size 1; false by default. */
  readonly keepDims?: boolean;
}

function reduce(op: 'reduceSum' | 'reduceMax') {
  return (x: Node, axes?: readonly number[], options: ReduceOptions = {}): Node => {
    const rank = requireNode(x, 'x').shape.length;
    checkKeys(options, ['keepDims'], op);
    const given = axes === undefined ? [...x.shape.keys()] : list(axes, 'axes');
    const reduced = given.map((axis) => normalizeAxis(axis, rank));
    if (reduced.length === 0) return x;
    const result = createNode(op, [x], { axes: reduced.sort((a, b) => a - b) });
    return options.keepDims ? reshape(result, withOnes(x.shape, reduced)) : result;
  };
}

/** Sum over `axes`, all by default; 0 when nothing is summed. float32. */
export const reduceSum = reduce('reduceSum');
/**
 * Largest element over `axes`, all by default; -infinity of nothing. Equal largest elements share the derivative.
 * float32.
 */
export const reduceMax = reduce('reduceMax');

/** Position of the first largest element along `axis`, int64; the axis is removed. */
export function argMax(x: Node, axis: number): Node {
  return createNode('argMax', [x], { axis: normalizeAxis(axis, requireNode(x, 'x').shape.length) });
}

/** Sums x over the axes along which `shape` would be broadcast to x's shape: the transpose of broadcasting. */
export function sumTo(x: Node, shape: Shape): Node {
  requireNode(x, 'x');
  list(shape, 'shape');
  const missing = x.shape.length - shape.length;
  const stretched = [...x.shape.keys()].filter(
    (axis) => axis < missing || (shape[axis - missing] === 1 && x.shape[axis] !== 1),
  );
  return reshape(reduceSum(x, stretched), shape);
}
