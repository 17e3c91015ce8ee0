// Small functions of one tensor x to be differentiated twice, written once over the operations of an engine.
import { uniform } from '../problem.mjs';

const pixels = [1, 6, 6, 1];
const constant = (seed, shape) => ({
  shape,
  data: uniform(
    shape.reduce((a, b) => a * b, 1),
    seed,
    -1,
    1,
  ),
});
const labels = [0, 2, 1, 2];

/**
 * From the gradient of f to a scalar: its inner product with a fixed vector, or the squared norm of the penalty method.
 */
export const scalars = ['inner', 'squaredNorm'];

export const functions = [
  { name: 'relu', shape: [4, 3], f: (op, x) => op.sum(op.cube(op.relu(x))) },
  { name: 'softplus', shape: [4, 3], f: (op, x) => op.sum(op.cube(op.softplus(x))) },
  { name: 'exp', shape: [4, 3], f: (op, x) => op.sum(op.cube(op.exp(x))) },
  { name: 'tanh', shape: [4, 3], f: (op, x) => op.sum(op.cube(op.tanh(x))) },
  { name: 'sigmoid', shape: [4, 3], f: (op, x) => op.sum(op.cube(op.sigmoid(x))) },
  { name: 'softmax', shape: [4, 3], f: (op, x) => op.sum(op.cube(op.softmax(x))) },
  { name: 'log-softmax', shape: [4, 3], f: (op, x) => op.sum(op.cube(op.logSoftmax(x))) },
  { name: 'softmax cross-entropy', shape: [4, 3], f: (op, x) => op.crossEntropy(x, labels) },
  { name: 'conv2d in its filter', shape: [3, 3, 1, 2], f: (op, x) => op.sum(op.cube(op.conv(constant(7, pixels), x))) },
  { name: 'max-pool', shape: pixels, f: (op, x) => op.sum(op.cube(op.maxPool(x))) },
  { name: 'average-pool', shape: pixels, f: (op, x) => op.sum(op.cube(op.averagePool(x))) },
  {
    name: 'two-layer network, cross-entropy',
    shape: [5, 6],
    f: (op, x) =>
      op.crossEntropy(
        op.matmul(op.softplus(op.matmul(op.constant(constant(8, [4, 5])), x)), op.constant(constant(9, [6, 3]))),
        labels,
      ),
  },
];
