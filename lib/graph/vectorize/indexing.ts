import { add, and, greaterEqual, less, where } from '../functions/elementwise.js';
import * as f from '../functions/indexing.js';
import { constant } from '../functions/leaf.js';
import { reshape } from '../functions/shape.js';
import type { Node } from '../node.js';
import type { NoAttributes } from '../op.js';
import type { ScatterAddAttributes, ScatterAddElementsAttributes } from '../ops/indexing.js';
import { sizeAt, three, two } from '../ops/infer.js';
import type { AxisAttributes } from '../ops/shape.js';
import { moveAxes, type Rule, stack } from './rule.js';

/**
 * Stacked indices into an axis of `size`, as indices into the axes of all points laid one after the other. An index
 * outside its own axis becomes -1, so that it stays an error and does not reach another point.
 */
function offsetIndices(indices: Node, size: number): Node {
  const [count = 0, ...own] = indices.shape;
  const starts = Array.from({ length: count }, (_, point) => point * size);
  const valid = and(greaterEqual(indices, 0), less(indices, size));
  const column = constant(starts, [count, ...own.map(() => 1)], indices.dtype);
  return where(valid, add(indices, column), -1);
}

/** [count, size, ...rest] as [count * size, ...rest]. */
function mergePoints(x: Node): Node {
  const [count = 0, size = 0, ...rest] = x.shape;
  return reshape(x, [count * size, ...rest]);
}

export const gather: Rule<AxisAttributes> = ({ inputs, attributes: { axis } }, operands) => {
  const [x, indices] = two(operands);
  if (!indices.stacked) return f.gather(x.node, indices.node, axis + 1);
  if (!x.stacked) return moveAxes(f.gather(x.node, indices.node, axis), axis, 0);
  const [plain, plainIndices] = two(inputs);
  const rows = mergePoints(moveAxes(x.node, axis + 1, 1));
  const found = f.gather(rows, offsetIndices(indices.node, sizeAt(plain.shape, axis)));
  return moveAxes(found, 1, axis + 1, plainIndices.shape.length);
};

export const scatterAdd: Rule<ScatterAddAttributes> = ({ inputs, attributes: { axis, size } }, operands, count) => {
  const [updates, indices] = two(operands);
  if (!indices.stacked) return f.scatterAdd(updates.node, indices.node, { axis: axis + 1, size });
  const [, plainIndices] = two(inputs);
  const slices = moveAxes(stack(updates, count), axis + 1, 1, plainIndices.shape.length);
  const sums = f.scatterAdd(slices, offsetIndices(indices.node, size), { axis: 0, size: count * size });
  return moveAxes(reshape(sums, [count, size, ...sums.shape.slice(1)]), 1, axis + 1);
};

export const gatherElements: Rule<NoAttributes> = ({ shape }, operands, count) => {
  const [x, indices] = two(operands);
  if (x.stacked) return f.gatherElements(x.node, stack(indices, count));
  // x is not repeated: each of its rows is read at the indices of all points.
  const last = shape.length - 1;
  const side = moveAxes(indices.node, 0, last);
  const found = f.gatherElements(x.node, reshape(side, [...shape.slice(0, -1), count * sizeAt(shape, last)]));
  return moveAxes(reshape(found, side.shape), last, 0);
};

export const scatterAddElements: Rule<ScatterAddElementsAttributes> = ({ attributes }, operands, count) => {
  const [updates, indices] = two(operands);
  return f.scatterAddElements(stack(updates, count), stack(indices, count), attributes);
};

/** The rows of all points are written in the order of the points, which keeps the order within each point. */
export const setRows: Rule<NoAttributes> = ({ shape }, operands, count) => {
  const [target, indices, rows] = three(operands);
  const positions = offsetIndices(stack(indices, count), sizeAt(shape, 0));
  const written = f.setRows(mergePoints(stack(target, count)), mergePoints(positions), mergePoints(stack(rows, count)));
  return reshape(written, [count, ...shape]);
};
