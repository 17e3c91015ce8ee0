import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { elementCount, type Shape } from '../../../tensor.js';
import { integers, type Operation, type OperatorImporter } from '../../operation.js';
import { flatPositions, nonNegative } from './indices.js';

/** x with updates [..., rest] put at x[index[..., 0], index[..., 1], ...]. */
function scatterNd(op: Operation): Node {
  const [x, indices, updates] = [op.input(0), op.input(1), op.input(2)];
  const depth = indices.shape.at(-1);
  if (depth === undefined || depth > x.shape.length) {
    throw op.invalid(`has indices of shape [${indices.shape.join(', ')}] for data of shape [${x.shape.join(', ')}]`);
  }
  const [indexed, rest] = [x.shape.slice(0, depth), x.shape.slice(depth)];
  const positions = flatPositions(indices, indexed);
  const count = elementCount(positions.shape);
  const rows = g.reshape(updates, [count, ...rest]);
  const target = g.reshape(x, [elementCount(indexed), ...rest]);
  return g.reshape(combine(op, target, g.reshape(positions, [count]), rows), x.shape);
}

/** x with x[i][index[i][j][k]][k] = updates[i][j][k] for axis 1, and likewise for others: every element is a row. */
function scatterElements(op: Operation): Node {
  const [x, indices, updates] = [op.input(0), op.input(1), op.input(2)];
  const axis = g.normalizeAxis(op.attributes.int('axis', 0), x.shape.length);
  const strides = x.shape.map((_, index) => elementCount(x.shape.slice(index + 1)));
  const along = g.mul(nonNegative(indices, x.shape[axis] ?? 0), strides[axis] ?? 1);
  const elsewhere = offsets(op, indices, strides.with(axis, 0));
  const count = elementCount(indices.shape);
  const positions = g.reshape(g.add(along, elsewhere), [count]);
  const target = g.reshape(x, [elementCount(x.shape)]);
  return g.reshape(combine(op, target, positions, g.reshape(updates, [count])), x.shape);
}

/** The sum of each position's components times the strides, in a shape that broadcasts to that of the indices. */
function offsets(op: Operation, { shape, dtype }: Node, strides: Shape): Node {
  const terms = shape.map((size, axis) =>
    g.reshape(
      op.sequence(size, (index) => index * (strides[axis] ?? 0), dtype),
      shape.map((_, other) => (other === axis ? size : 1)),
    ),
  );
  return terms.reduce(g.add);
}

type Meet = (old: Node, update: Node) => Node;

/** The target's rows, each combined with those that are put there. Without a reduction the last one stays. */
function combine(op: Operation, target: Node, positions: Node, rows: Node): Node {
  const reduction = op.attributes.word('reduction', ['none', 'add', 'mul', 'max', 'min'], 'none');
  if (reduction === 'none') return g.setRows(target, positions, rows);
  if (reduction === 'add' && target.dtype === 'float32') {
    return g.add(target, g.scatterAdd(rows, positions, { axis: 0, size: target.shape[0] ?? 0 }));
  }
  const meet: Meet = { add: g.add, mul: g.mul, max: g.maximum, min: g.minimum }[reduction];
  return rounds(op, positions).reduce((result, round) => {
    const at = integers(round.map(({ position }) => position));
    const updates = g.gather(rows, integers(round.map(({ row }) => row)));
    return g.setRows(result, at, meet(g.gather(result, at), updates));
  }, target);
}

interface Placement {
  readonly position: number;
  readonly row: number;
}

const mostRounds = 1024;

/**
 * The rows in rounds, in each of which no position occurs twice: so a product or a maximum of many is made of products
 * or maxima of two. They are found while importing, so the indices have to be known by then.
 */
function rounds(op: Operation, positions: Node): Placement[][] {
  op.context.countFolded(op.constantInput(1).length);
  const [data = new Float64Array()] = g.evaluate([positions], new Map());
  const met = new Map<number, number>();
  const result: Placement[][] = [];
  for (const [row, position] of data.entries()) {
    const count = met.get(position) ?? 0;
    if (count === mostRounds) throw op.unsupported(`combines more than ${mostRounds} elements at one place`);
    met.set(position, count + 1);
    result[count] ??= [];
    result[count].push({ position, row });
  }
  return result;
}

export const scatterOperators: Record<string, OperatorImporter> = {
  Scatter: { build: scatterElements, since: 9, until: 10 },
  ScatterElements: { build: scatterElements, since: 11 },
  ScatterND: { build: scatterNd, since: 11 },
};
