import { type AugmentOptions, type BilevelProblem, bilevelProblem, feed, perSample } from '../../bilevel/index.js';
import { crossEntropy, mean } from '../../graph/index.js';
import type { Parameters, Samples } from '../../network/classifier.js';
import { weightedMean } from '../../network/importance.js';
import { mean as meanOf } from '../../numbers.js';
import type { Network } from '../../onnx/index.js';
import { Tensor } from '../../tensor.js';

/**
 * Learning the importance u of every training sample (Mehra and Hamm 2021, section 3.2 and supplement E.2):
 *
 *     min over u  mean CE(validation; v*)    v* = argmin over v  sum_i u'_i CE_i(train; v) / sum_i u'_i
 *
 * over mini-batches of both sets; the sums are over the mini-batch. Augmentation changes the images of g alone.
 */
export function denoisingProblem(
  network: Network,
  { train, validation }: { readonly train: Samples; readonly validation: Samples },
  start: { readonly importance: Tensor; readonly parameters: Parameters },
  {
    batch,
    seed,
    augment,
  }: { readonly batch: number; readonly seed: number; readonly augment?: AugmentOptions | undefined },
): BilevelProblem {
  return bilevelProblem({
    upper: { importance: perSample(start.importance, 'train') },
    lower: start.parameters,
    feeds: {
      train: feed({ x: train.inputs, y: train.labels }, { batch, seed, augment: { x: augment } }),
      validation: feed({ x: validation.inputs, y: validation.labels }, { batch, seed }),
    },
    f: ({ v, validation: { x, y }, key }) => mean(crossEntropy(network.apply(x, v, { key }), y)),
    g: ({ u, v, train: { x, y }, key }) => weightedMean(crossEntropy(network.apply(x, v, { key }), y), u.importance),
  });
}

/** The largest and smallest weight that an importance can give without leaving float32. */
const weightRange = [1e-5, 0.99999] as const;

/** u with sigmoid(2 u) = weight. */
function importanceOf(weight: number): number {
  const kept = Math.min(Math.max(weight, weightRange[0]), weightRange[1]);
  return Math.log(kept / (1 - kept)) / 2;
}

/** The weights sigmoid(2 u) of importances u, [n]. */
export function weightsOf(importance: Tensor): Float64Array {
  return Float64Array.from(importance.data as Float32Array, (u) => 1 / (1 + Math.exp(-2 * u)));
}

/** Importances that trust labels which a first network agrees with, float32 [n] (the authors' two-valued start). */
export function initialImportance(
  predicted: Int32Array,
  labels: Tensor<'int64'>,
  { agreeing, disagreeing }: { readonly agreeing: number; readonly disagreeing: number },
): Tensor<'float32'> {
  return Tensor.from(
    Array.from(predicted, (label, row) => importanceOf(BigInt(label) === labels.data[row] ? agreeing : disagreeing)),
  );
}

/** Scales the weights to mean 1/2, in place (the authors' code, after every epoch). */
export function rescaleImportance(importance: Tensor): void {
  const weights = weightsOf(importance);
  const average = meanOf(weights);
  for (const [row, weight] of weights.entries()) importance.data[row] = importanceOf((0.5 * weight) / average);
}
