import { type BilevelProblem, bilevelProblem, feed, perSample } from '../../bilevel/index.js';
import { Random } from '../../data/random.js';
import { add, crossEntropy, matmul, mean, mul, type Node, reduceSum, sigmoid, transpose } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';
import type { HyperCleaningData } from './data.js';
import type { TaskSettings } from './settings.js';

/** Cross-entropy of each sample under the linear model w: inputs [b, features], labels [b], w [classes, features]. */
export function losses(w: Node, inputs: Node, labels: Node): Node {
  return crossEntropy(logits(w, inputs), labels);
}

export function logits(w: Node, inputs: Node): Node {
  return matmul(inputs, transpose(w));
}

/**
 * Normal numbers of variance 2 / classes: the authors' start (Kaiming, by the outputs), float32 [classes, features].
 */
export function initialWeights(classes: number, features: number, seed: number): Tensor<'float32'> {
  const random = Random.fromSeed(seed, 'weights');
  const deviation = Math.sqrt(2 / classes);
  const weights = Tensor.zeros([classes, features]);
  for (let index = 0; index < weights.size; index++) weights.data[index] = deviation * random.normal();
  return weights;
}

/**
 * Cleaning of training data by a weight for every sample, the hyper-cleaning experiment of Yang, Ji and Liang 2021:
 *
 *     min over x  f = mean CE_i(w*) over validation samples
 *     w* = argmin over w  g = mean sigmoid(x_i) CE_i(w) over training samples + decay |w|^2
 *
 * with means over mini-batches and one logit x_i for each training sample.
 * @param batch samples of a mini-batch of either set; all where it has no more
 */
export function hyperCleaningProblem(
  { classes, train, validation }: HyperCleaningData,
  { decay, seed }: TaskSettings,
  batch: number,
): BilevelProblem {
  const [count = 0, features = 0] = train.inputs.shape;
  const part = ({ inputs, labels }: HyperCleaningData['train']) =>
    feed({ inputs, labels }, { seed, ...(batch < labels.size && { batch }) });
  return bilevelProblem({
    upper: { x: perSample(Tensor.zeros([count]), 'train') },
    lower: { w: initialWeights(classes, features, seed) },
    feeds: { train: part(train), validation: part(validation) },
    f: ({ v, validation: { inputs, labels } }) => mean(losses(v.w, inputs, labels)),
    g: ({ u, v, train: { inputs, labels } }) =>
      add(mean(mul(sigmoid(u.x), losses(v.w, inputs, labels))), mul(decay, reduceSum(mul(v.w, v.w)))),
    seed,
  });
}
