import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { elementCount } from '../../../tensor.js';
import type { Operation, OperatorImporter } from '../../operation.js';
import { flatPositions, nonNegative } from './indices.js';

function gather(op: Operation): Node {
  const x = op.input(0);
  const axis = g.normalizeAxis(op.attributes.int('axis', 0), x.shape.length);
  return g.gather(x, nonNegative(op.input(1), x.shape[axis] ?? 0), axis);
}

/** y[i][j][k] = x[i][j][index[i][j][k]] for the last axis; other axes are moved there and back. */
function gatherElements(op: Operation): Node {
  const [x, indices] = [op.input(0), op.input(1)];
  const rank = x.shape.length;
  const axis = g.normalizeAxis(op.attributes.int('axis', 0), rank);
  const swap = [...x.shape.keys()];
  [swap[axis], swap[rank - 1]] = [rank - 1, axis];
  const limits = x.shape.map((size, index) => (index === axis ? size : (indices.shape[index] ?? size)));
  const covered = g.slice(x, { starts: x.shape.map(() => 0), limits });
  const positions = g.transpose(nonNegative(indices, x.shape[axis] ?? 0), swap);
  return g.transpose(g.gatherElements(g.transpose(covered, swap), positions), swap);
}

/** y[b, ..., :] = x[b, index[b, ..., 0], index[b, ..., 1], ...]: batch and indexed axes are flattened into one. */
function gatherNd(op: Operation): Node {
  const [x, indices] = [op.input(0), op.input(1)];
  const batchAxes = op.attributes.int('batch_dims', 0);
  const depth = indices.shape.at(-1);
  if (depth === undefined || batchAxes < 0 || batchAxes >= indices.shape.length) {
    throw op.invalid(`needs indices of at least one axis behind ${batchAxes} batch axes`);
  }
  const batch = x.shape.slice(0, batchAxes);
  const indexed = x.shape.slice(batchAxes, batchAxes + depth);
  const rest = x.shape.slice(batchAxes + depth);
  const within = flatPositions(indices, indexed);
  const [batches, size] = [elementCount(batch), elementCount(indexed)];
  const starts = op.sequence(batches, (index) => index * size, indices.dtype);
  const ones = indices.shape.slice(batchAxes, -1).map(() => 1);
  const positions = batchAxes === 0 ? within : g.add(within, g.reshape(starts, [...batch, ...ones]));
  return g.gather(g.reshape(x, [batches * size, ...rest]), positions, 0);
}

/** Two values, off and on, chosen by whether the position along the new axis is the index. */
function oneHot(op: Operation): Node {
  const [indices, values] = [op.input(0), op.input(2)];
  const depth = op.optionalScalarInput(1) ?? 0;
  const rank = indices.shape.length + 1;
  const axis = g.normalizeAxis(op.attributes.int('axis', -1), rank);
  const positions = op.sequence(depth, undefined, indices.dtype);
  const mask = g.equal(g.expandDims(nonNegative(indices, depth), [-1]), positions);
  const value = (index: number): Node => g.reshape(g.slice(values, { starts: [index], limits: [index + 1] }), []);
  const order = [...mask.shape.keys()].slice(0, -1);
  order.splice(axis, 0, rank - 1);
  return g.transpose(g.where(mask, value(1), value(0)), order);
}

/** Keeps the part of the last two axes on one side of the k-th diagonal, and zeros the rest. */
function trilu(op: Operation): Node {
  const x = op.input(0);
  const k = op.optionalScalarInput(1) ?? 0;
  const [rows = 0, columns = 0] = x.shape.slice(-2);
  const diagonal = g.sub(op.sequence(columns), g.add(g.reshape(op.sequence(rows), [rows, 1]), k));
  const kept = op.attributes.flag('upper', true) ? g.greaterEqual(diagonal, 0) : g.lessEqual(diagonal, 0);
  return g.where(kept, x, g.constant(0, [], x.dtype));
}

export const indexingOperators: Record<string, OperatorImporter> = {
  Gather: { build: gather },
  GatherElements: { build: gatherElements, since: 11 },
  GatherND: { build: gatherNd, since: 11 },
  OneHot: { build: oneHot, since: 9 },
  Trilu: { build: trilu, since: 14 },
};
