import { loadDataset } from '../../data/dataset.js';
import { corruptLabels } from '../../data/noise.js';
import { Random } from '../../data/random.js';
import { splitRows } from '../../data/split.js';
import type { Samples } from '../../network/classifier.js';
import type { Tensor } from '../../tensor.js';

/** What the data of a denoising run are made of. */
export interface DataSettings {
  /** What `loadDataset` takes. */
  readonly data: string;
  /** Samples whose labels are partly wrong, and samples with right labels. */
  readonly train: number;
  readonly validation: number;
  /** Share of the training labels that are replaced by a wrong one, 0 to 1. */
  readonly noise: number;
  readonly seed: number;
}

export interface DenoisingData {
  readonly classes: readonly string[];
  /** Training samples with the labels as given: some are wrong. */
  readonly train: Samples;
  /** The right labels of the training samples, int64 [n]; only for judging the result. */
  readonly trueLabels: Tensor<'int64'>;
  /** Which training labels are wrong, bool [n]; only for judging the result. */
  readonly corrupted: Tensor<'bool'>;
  /** Row of each training sample in the data set. */
  readonly rows: Int32Array;
  readonly validation: Samples;
  readonly test: Samples;
}

/**
 * Draws training and validation samples from the data set's training part and corrupts training labels uniformly (Mehra and
 * Hamm 2021, section 3.2). The test part stays whole.
 * @throws what loadDataset, splitRows and corruptLabels throw
 */
export async function loadDenoisingData(settings: DataSettings): Promise<DenoisingData> {
  const { data, train, validation, noise, seed } = settings;
  const dataset = await loadDataset(data);
  const rows = splitRows(dataset.train.count, { train, validation }, Random.fromSeed(seed, 'split'));
  const take = (part: Int32Array): Samples => dataset.train.take(part);
  const clean = take(rows.train);
  const noisy = corruptLabels(clean.labels, noise, dataset.classes.length, Random.fromSeed(seed, 'noise'));
  return {
    classes: dataset.classes,
    train: { inputs: clean.inputs, labels: noisy.labels },
    trueLabels: clean.labels,
    corrupted: noisy.corrupted,
    rows: rows.train,
    validation: take(rows.validation),
    test: dataset.test.take(),
  };
}
