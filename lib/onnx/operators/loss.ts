import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { Operation, OperatorImporter } from '../operation.js';

/**
 * Weighted negative log-likelihood of labels [batch, ...] under log-probabilities [batch, classes, ...]. Labels equal
 * to ignore_index count neither in the sum nor in the mean.
 */
function negativeLogLikelihood(op: Operation, logProbabilities: Node): Node {
  const labels = op.input(1);
  const weights = op.optionalInput(2);
  const ignored = op.attributes.int('ignore_index');
  const reduction = op.attributes.word('reduction', ['mean', 'sum', 'none'], 'mean');
  const classes = logProbabilities.shape[1] ?? 0;
  op.context.countFolded(classes);
  const rank = logProbabilities.shape.length;
  const toClassAxis = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, axis) => axis + 1)];
  const chosen = g.transpose(g.oneHot(labels, classes), toClassAxis);
  const likelihood = g.reduceSum(g.mul(chosen, logProbabilities), [1]);
  const perClass =
    weights === undefined ? undefined : g.reshape(weights, [1, classes, ...labels.shape.slice(1).map(() => 1)]);
  const weight = perClass === undefined ? g.broadcastTo(1, labels.shape) : g.reduceSum(g.mul(chosen, perClass), [1]);
  const counted = ignored === undefined ? weight : g.mul(weight, g.cast(g.notEqual(labels, ignored), 'float32'));
  const losses = g.neg(g.mul(likelihood, counted));
  if (reduction === 'none') return losses;
  const sum = g.reduceSum(losses);
  return reduction === 'sum' ? sum : g.div(sum, g.reduceSum(counted));
}

function softmaxCrossEntropy(op: Operation): (Node | undefined)[] {
  const logProbabilities = g.logSoftmax(op.input(0), 1);
  return [negativeLogLikelihood(op, logProbabilities), logProbabilities];
}

export const lossOperators: Record<string, OperatorImporter> = {
  NegativeLogLikelihoodLoss: { build: (op) => negativeLogLikelihood(op, op.input(0)), since: 12 },
  SoftmaxCrossEntropyLoss: { build: softmaxCrossEntropy, since: 12 },
};
