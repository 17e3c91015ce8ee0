import { isForExperiments, loadDataset } from '../../data/dataset.js';
import { Random } from '../../data/random.js';
import { SparseRows } from '../../data/sparse-rows.js';
import { splitRows } from '../../data/split.js';
import { inputNames } from '../../data/tables/encoding.js';
import { BilevelError, invalidArgument } from '../../errors.js';
import { checkFit, checkTokens } from '../../network/classifier.js';
import { loadModel } from '../../network/models.js';
import type { Network } from '../../onnx/index.js';
import { elementCount, formatType, type Shape, type TensorType } from '../../tensor.js';
import { datasetOptions } from '../reading.js';
import { firstDenseLayer } from './first-layer.js';
import { type Facts, scalableArrays } from './hyperparameters.js';
import { type LoadedSamples, sizesOf, type TuningSamples } from './samples.js';
import { isOnTexts, type TuningSettings } from './settings.js';
import { loadTextSamples } from './texts.js';

export interface TuningInputs {
  readonly network: Network;
  readonly facts: Facts;
  readonly train: TuningSamples;
  readonly validation: TuningSamples;
  readonly test: TuningSamples;
}

/**
 * Draws training and validation samples; the test is the data set's own, or a share of it that is drawn.
 * @throws INVALID_ARGUMENT for hyperparameters of a network that has no such layer, for data without a test part and
 *   more samples than there are; what loadDataset, loadTexts, loadModel and checkFit throw
 */
export async function loadTuningInputs(settings: TuningSettings): Promise<TuningInputs> {
  const samples = await (isOnTexts(settings) ? loadTextSamples(settings) : loadDenseSamples(settings));
  const { classes, inputShape, train, validation, test } = samples;
  if (test.labels.size === 0) throw invalidArgument('the option test of tune', 'a share above 0', settings.test);
  const network = await loadModel(settings.network, { inputShape, classes: classes.length }, settings.output);
  checkFit(network, inputShape, classes.length, dtypeOf(train));
  for (const [name, { inputs }] of Object.entries({ train, validation })) {
    if (!(inputs instanceof SparseRows)) checkTokens(network, inputs, `${name} set`);
    else if (network.state.size > 0) {
      const expected = 'a network without running statistics of batch normalization on texts';
      throw invalidArgument('the option network of tune', expected, settings.network);
    }
  }
  return { network, facts: factsOf(network, samples, settings), train, validation, test };
}

async function loadDenseSamples(settings: TuningSettings): Promise<LoadedSamples> {
  const { data, test, seed } = settings;
  const drawn = isForExperiments(data) ? {} : { test, seed };
  const dataset = await loadDataset(data, { ...datasetOptions(settings), ...drawn });
  const sizes = sizesOf(settings, dataset.train.count);
  const rows = splitRows(dataset.train.count, sizes, Random.fromSeed(seed, 'split'));
  return {
    classes: dataset.classes,
    inputShape: dataset.train.inputShape,
    names: dataset.encoding === undefined ? [] : inputNames(dataset.encoding),
    train: dataset.train.take(rows.train),
    validation: dataset.train.take(rows.validation),
    test: dataset.test.take(),
  };
}

const dtypeOf = ({ inputs }: TuningSamples) => (inputs instanceof SparseRows ? 'float32' : inputs.dtype);

function factsOf(network: Network, samples: LoadedSamples, settings: TuningSettings): Facts {
  const { tuned, decay, learningRate } = settings;
  const { inputShape, classes, names, train } = samples;
  const dtype = dtypeOf(train);
  const first = firstDenseLayer(network, inputShape, dtype);
  if (tuned.includes('feature-l2') && first === undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The first layer of ${settings.network} is not dense, so that its inputs have no weights of their own: leave feature-l2 out ` +
        'of the option tune, or give another network.',
    );
  }
  if (tuned.includes('augmentation')) checkImages(settings.data, { dtype, shape: inputShape });
  const parameters = network.initialParameters();
  if (tuned.includes('initial-values') && scalableArrays(parameters).length === 0) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `All parameters of ${settings.network} start at 0, which no factor changes: leave initial-values out of the option tune, or ` +
        'give another network.',
    );
  }
  const counts = classes.map((_, label) => train.labels.data.filter((each) => each === BigInt(label)).length);
  return {
    arrays: Object.keys(parameters).filter((name) => !(tuned.includes('feature-l2') && name === first?.array)),
    first,
    inputs: namesOf(first?.size ?? 0, inputShape, names),
    classes,
    counts,
    decay,
    parameters,
    learningRate,
  };
}

/** @throws INVALID_ARGUMENT for samples that are no images, which augmentation changes */
function checkImages(data: string, sample: TensorType): void {
  if (sample.dtype === 'float32' && sample.shape.length === 3) return;
  throw new BilevelError(
    'INVALID_ARGUMENT',
    `Augmentation changes images, float32 [channels, height, width], but a sample of ${data} is ${formatType(sample)}: leave augmentation ` +
      'out of the option tune. Pixels in columns become images by the option shape, such as 1,28,28.',
  );
}

/** What the inputs of the first layer are: columns of a table, words, or places in a sample. */
function namesOf(size: number, inputShape: Shape, names: readonly string[]): readonly string[] {
  if (names.length === size) return names;
  if (elementCount(inputShape) !== size) return Array.from({ length: size }, (_, input) => String(input));
  return Array.from({ length: size }, (_, input) => placeOf(input, inputShape).join(','));
}

/** Indices of an element by its number. */
function placeOf(element: number, shape: Shape): number[] {
  let rest = element;
  return shape
    .toReversed()
    .map((size) => {
      const index = rest % size;
      rest = Math.floor(rest / size);
      return index;
    })
    .reverse();
}
