import { checkForExperiments, loadDataset } from '../../data/dataset.js';
import type { LabelledSamples } from '../../data/labelled-samples.js';
import { corruptLabels } from '../../data/noise.js';
import { Random } from '../../data/random.js';
import { invalidArgument } from '../../errors.js';
import type { Samples } from '../../network/classifier.js';
import { formatType, Tensor } from '../../tensor.js';
import type { TaskSettings } from './settings.js';

export interface HyperCleaningData {
  readonly classes: number;
  /** Training samples with the labels as given: some are wrong. */
  readonly train: Samples;
  /** The right labels of the training samples, int64 [n]; only for judging the result. */
  readonly trueLabels: Tensor<'int64'>;
  /** Which training labels are wrong, bool [n]; only for judging the result. */
  readonly corrupted: Tensor<'bool'>;
  readonly validation: Samples;
  readonly test: Samples;
}

/** Mean and standard deviation of MNIST's pixels. */
const [pixelMean, pixelDeviation] = [0.1307, 0.3081];

/** Rows of normalised pixels and a last column of ones for the bias, float32 [n, features + 1]. */
function withBias(images: Tensor<'float32'>): Tensor<'float32'> {
  const [count = 0] = images.shape;
  const features = images.size / count;
  const inputs = Tensor.zeros([count, features + 1]);
  inputs.data.fill(1);
  for (let row = 0; row < count; row++) {
    for (let feature = 0; feature < features; feature++) {
      const pixel = Number(images.data[row * features + feature]);
      inputs.data[row * (features + 1) + feature] = (pixel - pixelMean) / pixelDeviation;
    }
  }
  return inputs;
}

function take(part: LabelledSamples, first: number, count: number): Samples {
  const { inputs, labels } = part.take(Array.from({ length: count }, (_, index) => first + index));
  if (inputs.dtype !== 'float32') throw invalidArgument('data', 'a data set of images', formatType(inputs));
  return { inputs: withBias(inputs), labels };
}

/**
 * The first samples of the data set's training part for training, its last ones for validation, and its whole test
 * part. The labels of the training samples are made wrong once, by a shift of 1 to 9 classes modulo their number.
 * @throws INVALID_ARGUMENT when there are not so many samples; what loadDataset throws
 */
export async function loadHyperCleaningData(settings: TaskSettings): Promise<HyperCleaningData> {
  const { data, train, validation, noise, seed } = settings;
  checkForExperiments(data);
  const dataset = await loadDataset(data);
  const { count } = dataset.train;
  if (train + validation > count) {
    throw invalidArgument('train + validation', `at most the ${count} samples there are`, train + validation);
  }
  const classes = dataset.classes.length;
  const clean = take(dataset.train, 0, train);
  const { labels, corrupted } = corruptLabels(clean.labels, noise, classes, Random.fromSeed(seed, 'noise'));
  return {
    classes,
    train: { inputs: clean.inputs, labels },
    trueLabels: clean.labels,
    corrupted,
    validation: take(dataset.train, count - validation, validation),
    test: take(dataset.test, 0, dataset.test.count),
  };
}
