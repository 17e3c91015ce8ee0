import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { elementCount } from '../../../tensor.js';
import { integers, type Operation, type OperatorImporter } from '../../operation.js';

/** x moved along an axis: element i of the result is element i - distance of x, or zero outside. */
function shift(x: Node, axis: number, distance: number): Node {
  const size = x.shape[axis] ?? 0;
  const by = Math.sign(distance) * Math.min(Math.abs(distance), size);
  const at = (value: number): number[] => x.shape.map((_, index) => (index === axis ? value : 0));
  const kept = g.slice(x, {
    starts: at(Math.max(0, -by)),
    limits: x.shape.with(axis, size - Math.max(0, by)),
  });
  return g.pad(kept, { low: at(Math.max(0, by)), high: at(Math.max(0, -by)) });
}

/** Sums of all elements up to each, by doubling: after k rounds each is a sum of 2^k neighbours. */
function cumulativeSum(op: Operation): Node {
  const x = op.input(0);
  const axis = g.normalizeAxis(op.optionalScalarInput(1) ?? 0, x.shape.length);
  const direction = op.attributes.flag('reverse') ? -1 : 1;
  const size = x.shape[axis] ?? 0;
  let sums = op.attributes.flag('exclusive') ? shift(x, axis, direction) : x;
  for (let span = 1; span < size; span *= 2) sums = g.add(sums, shift(sums, axis, direction * span));
  return sums;
}

const mostRanked = 2 ** 14;

/**
 * The k first elements in order, and where they were. Every element is compared with all others of its row, which gives
 * its rank; that costs the square of the row's length, and no sorting. Of equal elements the first comes first.
 * Derivatives are those of the elements that were picked.
 */
function topK(op: Operation): [Node, Node] {
  op.attributes.ignore('sorted');
  const x = op.input(0);
  const rank = x.shape.length;
  const axis = g.normalizeAxis(op.attributes.int('axis', -1), rank);
  const [k, size] = [op.opset < 10 ? op.attributes.int('k') : op.optionalScalarInput(1), x.shape[axis] ?? 0];
  if (k === undefined || !(k >= 0 && k <= size)) throw op.mismatch(`cannot pick ${k} of ${size} elements`);
  if (size > mostRanked) throw op.unsupported(`orders ${size} elements; at most ${mostRanked} are supported`);
  op.context.countFolded(x.op === 'constant' ? elementCount(x.shape) * size : size);
  const before = op.attributes.flag('largest', true) ? g.greater : g.less;
  const swap = [...x.shape.keys()];
  [swap[axis], swap[rank - 1]] = [rank - 1, axis];
  const rows = g.transpose(x, swap);
  const [mine, others] = [g.expandDims(rows, [-1]), g.expandDims(rows, [-2])];
  const position = op.sequence(size);
  const earlier = g.less(position, g.reshape(position, [size, 1]));
  const first = g.or(before(others, mine), g.and(g.equal(others, mine), earlier));
  const ranks = g.reduceSum(g.cast(first, 'float32'), [-1]);
  const chosen = g.equal(g.expandDims(ranks, [-2]), g.reshape(op.sequence(k, undefined, 'float32'), [k, 1]));
  const indices = g.cast(g.reduceSum(g.where(chosen, g.cast(position, 'float32'), 0), [-1]), 'int64');
  return [g.transpose(g.gatherElements(rows, indices), swap), g.transpose(indices, swap)];
}

/** The first `length` elements of each batch entry in reverse order, the rest as they are. */
function reverseSequence(op: Operation): Node {
  const x = op.input(0);
  const [time, batch] = [op.attributes.int('time_axis', 0), op.attributes.int('batch_axis', 1)];
  const lengths = g.cast(op.input(1), 'int64');
  if ([time, batch].some((axis) => axis !== 0 && axis !== 1) || time === batch || x.shape.length < 2) {
    throw op.invalid('needs its time and batch axes to be 0 and 1');
  }
  const rows = batch === 0 ? x : g.transpose(x, [1, 0, ...[...x.shape.keys()].slice(2)]);
  const [entries = 0, steps = 0, ...rest] = rows.shape;
  const position = op.sequence(steps);
  const length = g.reshape(lengths, [entries, 1]);
  const source = g.where(g.less(position, length), g.sub(g.sub(length, 1), position), position);
  const start = g.reshape(
    op.sequence(entries, (entry) => entry * steps),
    [entries, 1],
  );
  const flat = g.gather(g.reshape(rows, [entries * steps, ...rest]), g.add(source, start));
  return batch === 0 ? flat : g.transpose(flat, [1, 0, ...[...x.shape.keys()].slice(2)]);
}

/** Where a known value is not zero: one row for each axis. */
function nonZero(op: Operation): Node {
  const data = op.constantInput(0);
  const { shape } = op.input(0);
  const found = [...data.keys()].filter((index) => data[index] !== 0);
  op.context.countFolded(found.length * shape.length);
  const rows = shape.map((size, axis) => {
    const stride = elementCount(shape.slice(axis + 1));
    return found.map((index) => Math.floor(index / stride) % size);
  });
  return integers(rows.flat(), [shape.length, found.length]);
}

/** The slices of an axis, or the elements of x in row-major order, for which a known condition holds. */
function compress(op: Operation): Node {
  const x = op.input(0);
  const axis = op.attributes.int('axis');
  const kept = op.constantInput(1).flatMap((holds, index) => (holds === 0 ? [] : [index]));
  const flat = axis === undefined ? g.reshape(x, [elementCount(x.shape)]) : x;
  return g.gather(flat, integers(kept), axis ?? 0);
}

/** 1 at the largest element along an axis, the first of equal ones, and 0 elsewhere. */
function hardmax(op: Operation): Node {
  const x = op.input(0);
  const rank = x.shape.length;
  const stated = g.normalizeAxis(op.attributes.int('axis', op.opset < 13 ? 1 : -1), rank);
  const split = [elementCount(x.shape.slice(0, stated)), elementCount(x.shape.slice(stated))];
  const [rows, axis] = op.opset < 13 ? [g.reshape(x, split), 1] : [x, stated];
  const size = rows.shape[axis] ?? 0;
  const along = g.reshape(op.sequence(size), [size, ...rows.shape.slice(axis + 1).map(() => 1)]);
  const largest = g.equal(g.expandDims(g.argMax(rows, axis), [axis]), along);
  return g.reshape(g.cast(largest, x.dtype), x.shape);
}

export const orderingOperators: Record<string, OperatorImporter> = {
  Compress: { build: compress, since: 9 },
  CumSum: { build: cumulativeSum, since: 11 },
  Hardmax: { build: hardmax, constantAlmostEverywhere: true },
  NonZero: { build: nonZero, since: 9, constantAlmostEverywhere: true },
  ReverseSequence: { build: reverseSequence, since: 10 },
  TopK: { build: topK },
};
