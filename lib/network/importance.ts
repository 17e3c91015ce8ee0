import { div, mul, type Node, reduceSum, sigmoid } from '../graph/index.js';

/**
 * The weight u' = (tanh(u) + 1) / 2 of a sample with importance u, in (0, 1). Written as sigmoid(2 u): in float32 the
 * sum with 1 cancels below u = -5, and with it the derivative.
 */
export function sampleWeight(u: Node): Node {
  return sigmoid(mul(2, u));
}

/** sum_i u'_i l_i / sum_i u'_i over a batch: the lower cost of losses l [b] and importances u [b]. */
export function weightedMean(losses: Node, u: Node): Node {
  const weights = sampleWeight(u);
  return div(reduceSum(mul(weights, losses)), reduceSum(weights));
}
