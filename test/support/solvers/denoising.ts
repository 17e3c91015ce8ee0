import {
  add,
  crossEntropy,
  div,
  matmul,
  mean,
  mul,
  type Node,
  reduceSum,
  sigmoid,
  transpose,
} from '../../../lib/graph/index.js';

/** Softmax regression: x [b, features], weight [classes, features], bias [classes]. */
export function logits(x: Node, weight: Node, bias: Node): Node {
  return add(matmul(x, transpose(weight)), bias);
}

/** Mean cross-entropy weighted by the importances sigmoid(2 u). */
export function weightedLoss(z: Node, labels: Node, u: Node): Node {
  const weights = sigmoid(mul(2, u));
  return div(reduceSum(mul(weights, crossEntropy(z, labels))), reduceSum(weights));
}

export function loss(z: Node, labels: Node): Node {
  return mean(crossEntropy(z, labels));
}
