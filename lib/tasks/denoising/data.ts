import { confusedWith, corruptLabels, nextClass, type WrongLabel } from '../../data/noise.js';
import { Random } from '../../data/random.js';
import type { Dataset } from '../../data/sources/source.js';
import { splitRows } from '../../data/split.js';
import type { Device } from '../../engine/index.js';
import { Classifier, checkFit, type Samples, trainClassifier } from '../../network/classifier.js';
import { runningStatistics } from '../../network/running-statistics.js';
import type { Network } from '../../onnx/index.js';
import type { Tensor } from '../../tensor.js';

/** How wrong labels are drawn, as {@link corruptLabels} says. */
export const noiseKinds = ['symmetric', 'pair-flip', 'confusions'] as const;

/** What the data of a denoising run are made of. */
export interface DataSettings {
  /** One to experiment with, such as `mnist`. */
  readonly data: string;
  /** Samples whose labels are partly wrong, and samples with right labels. */
  readonly train: number;
  readonly validation: number;
  /** Share of the training labels that are replaced by a wrong one, 0 to 1. */
  readonly noise: number;
  readonly noiseKind: (typeof noiseKinds)[number];
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

/** Of the training whose mistakes are the wrong labels of confusions: enough that most predictions are right. */
const confusedTraining = { steps: 400, learningRate: 3e-3, batch: 200 } as const;

/**
 * Draws training and validation samples from the data set's training part and corrupts training labels: uniformly
 * (Mehra and Hamm 2021, section 3.2), to the next class, or to what the network, trained on the right labels, confuses
 * a sample with. The test part stays whole.
 * @throws SHAPE_MISMATCH where the network does not fit the data; what splitRows and corruptLabels throw
 */
export async function loadDenoisingData(
  { train, validation, noise, noiseKind, seed }: Omit<DataSettings, 'data'>,
  dataset: Dataset,
  network: Network,
  device: Device,
): Promise<DenoisingData> {
  const rows = splitRows(dataset.train.count, { train, validation }, Random.fromSeed(seed, 'split'));
  const take = (part: Int32Array): Samples => dataset.train.take(part);
  const clean = take(rows.train);
  const classes = dataset.classes.length;
  checkFit(network, clean.inputs.shape.slice(1), classes, clean.inputs.dtype);
  const kinds: Record<DataSettings['noiseKind'], () => Promise<WrongLabel | undefined>> = {
    symmetric: async () => undefined,
    'pair-flip': async () => nextClass(classes),
    confusions: () => confusionsOf(network, clean, seed, device),
  };
  const wrongLabel = await kinds[noiseKind]();
  const noisy = corruptLabels(clean.labels, noise, classes, Random.fromSeed(seed, 'noise'), wrongLabel);
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

async function confusionsOf(network: Network, clean: Samples, seed: number, device: Device): Promise<WrongLabel> {
  const initial = network.initialParameters();
  const parameters = await trainClassifier(network, clean, initial, { ...confusedTraining, seed }, device);
  const { batch } = confusedTraining;
  const statistics = await runningStatistics(network, clean.inputs, parameters, { batch, device });
  using classifier = new Classifier(network, device);
  return confusedWith(await classifier.probabilities(clean.inputs, { ...parameters, ...statistics }));
}
