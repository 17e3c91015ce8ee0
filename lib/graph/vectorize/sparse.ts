import { add, and, greaterEqual, lessEqual, sub, where } from '../functions/elementwise.js';
import { constant } from '../functions/leaf.js';
import { concat, reshape, slice } from '../functions/shape.js';
import * as f from '../functions/sparse.js';
import type { Node } from '../node.js';
import { four, sizeAt } from '../ops/infer.js';
import type { SparseMatmulAttributes } from '../ops/sparse.js';
import { type Operand, type Rule, stack } from './rule.js';

/**
 * Extents [count, ...batch, rows, 2] among `entries`, as extents among those of all points laid one after the other.
 * One that is not within its own entries begins at -1, so that it stays an error and does not reach another point.
 */
function offsetExtents(extents: Node, entries: number): Node {
  const [count = 0, ...own] = extents.shape;
  const last = own.length;
  const part = (from: number): Node => {
    const [starts, limits] = [extents.shape.map(() => 0), [...extents.shape]];
    starts[last] = from;
    limits[last] = from + 1;
    return slice(extents, { starts, limits });
  };
  const [begin, length] = [part(0), part(1)];
  const places = Array.from({ length: count }, (_, point) => point * entries);
  const offsets = constant(places, [count, ...own.map(() => 1)], 'int32');
  const valid = and(and(greaterEqual(begin, 0), greaterEqual(length, 0)), lessEqual(begin, sub(entries, length)));
  return concat([where(valid, add(begin, offsets), -1), length], last);
}

/** The lists of all points laid one after the other. */
function laidOut(list: Operand, count: number): Node {
  const all = stack(list, count);
  return reshape(all, [count * sizeAt(all.shape, 1)]);
}

/**
 * The products of all points are those of one larger batch; entries that the points share are not repeated, and with a
 * matrix x that they share the rows of all points are those of one product.
 */
export const sparseMatmul: Rule<SparseMatmulAttributes> = ({ inputs, attributes, shape }, operands, count) => {
  const [values, indices, extents, x] = four(operands);
  const entries = sizeAt(four(inputs)[1].shape, 0);
  const rows =
    values.stacked || indices.stacked
      ? {
          values: laidOut(values, count),
          indices: laidOut(indices, count),
          extents: offsetExtents(stack(extents, count), entries),
        }
      : { values: values.node, indices: indices.node, extents: stack(extents, count) };
  if (x.stacked || attributes.transpose || x.node.shape.length > 2) {
    return f.sparseMatmul(rows, stack(x, count), attributes);
  }
  const product = f.sparseMatmul({ ...rows, extents: reshape(rows.extents, [count * sizeAt(shape, 0), 2]) }, x.node);
  return reshape(product, [count, ...shape]);
};

export const sampledMatmul: Rule<unknown> = ({ inputs }, operands, count) => {
  const [indices, extents, a, b] = four(operands);
  const entries = sizeAt(four(inputs)[0].shape, 0);
  const rows = { indices: laidOut(indices, count), extents: offsetExtents(stack(extents, count), entries) };
  return reshape(f.sampledMatmul(rows, stack(a, count), stack(b, count)), [count, entries]);
};
