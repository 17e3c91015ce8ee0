import { isForExperiments, loadDataset } from '../../data/dataset.js';
import { Random } from '../../data/random.js';
import type { Dataset } from '../../data/sources/source.js';
import { splitRows } from '../../data/split.js';
import { inputNames } from '../../data/tables/encoding.js';
import { BilevelError, invalidArgument } from '../../errors.js';
import { checkFit, checkTokens, type Samples } from '../../network/classifier.js';
import { loadModel } from '../../network/models.js';
import type { Network } from '../../onnx/index.js';
import { elementCount, formatType, type Shape, type TensorType } from '../../tensor.js';
import { datasetOptions } from '../reading.js';
import { firstDenseLayer } from './first-layer.js';
import { type Facts, scalableArrays } from './hyperparameters.js';
import type { TuningSettings } from './settings.js';

export interface TuningInputs {
  readonly network: Network;
  readonly facts: Facts;
  readonly train: Samples;
  readonly validation: Samples;
  readonly test: Samples;
}

/**
 * Draws training and validation samples; the test is the data set's own, or a share of it that is drawn.
 * @throws INVALID_ARGUMENT for hyperparameters of a network that has no such layer, for data without a test part and
 *   more samples than there are; what loadDataset, loadModel and checkFit throw
 */
export async function loadTuningInputs(settings: TuningSettings): Promise<TuningInputs> {
  const { data, test, seed, output } = settings;
  const drawn = isForExperiments(data) ? {} : { test, seed };
  const dataset = await loadDataset(data, { ...datasetOptions(settings), ...drawn });
  if (dataset.test.count === 0) throw invalidArgument('the option test of tune', 'a share above 0', test);
  const { inputShape } = dataset.train;
  const classes = dataset.classes.length;
  const network = await loadModel(settings.network, { inputShape, classes }, output);
  const sizes = sizesOf(settings, dataset.train.count);
  const rows = splitRows(dataset.train.count, sizes, Random.fromSeed(seed, 'split'));
  const [train, validation] = [dataset.train.take(rows.train), dataset.train.take(rows.validation)];
  checkFit(network, inputShape, classes, train.inputs.dtype);
  for (const [name, { inputs }] of Object.entries({ train, validation })) checkTokens(network, inputs, `${name} set`);
  return {
    network,
    facts: factsOf(network, dataset, train, settings),
    train,
    validation,
    test: dataset.test.take(),
  };
}

/** Most samples of data sets to experiment with: more to judge by than there are pixels. */
const usual = { train: 500, validation: 2000 };

function sizesOf({ data, train, validation }: TuningSettings, count: number): { train: number; validation: number } {
  const most = isForExperiments(data) ? usual : { train: count, validation: count };
  const forTraining = train || Math.min(most.train, validation ? count - validation : Math.ceil(count / 2));
  return { train: forTraining, validation: validation || Math.min(most.validation, count - forTraining) };
}

function factsOf(network: Network, dataset: Dataset, { inputs, labels }: Samples, settings: TuningSettings): Facts {
  const { tuned, decay, learningRate } = settings;
  const { inputShape } = dataset.train;
  const first = firstDenseLayer(network, inputShape, inputs.dtype);
  if (tuned.includes('feature-l2') && first === undefined) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `The first layer of ${settings.network} is not dense, so that its inputs have no weights of their own: leave feature-l2 out ` +
        'of the option tune, or give another network.',
    );
  }
  if (tuned.includes('augmentation')) checkImages(settings.data, { dtype: inputs.dtype, shape: inputShape });
  const parameters = network.initialParameters();
  if (tuned.includes('initial-values') && scalableArrays(parameters).length === 0) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `All parameters of ${settings.network} start at 0, which no factor changes: leave initial-values out of the option tune, or ` +
        'give another network.',
    );
  }
  const counts = dataset.classes.map((_, label) => labels.data.filter((each) => each === BigInt(label)).length);
  return {
    arrays: Object.keys(parameters).filter((name) => !(tuned.includes('feature-l2') && name === first?.array)),
    first,
    inputs: namesOf(first?.size ?? 0, inputShape, dataset),
    classes: dataset.classes,
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

/** What the inputs of the first layer are: columns of a table, or places in a sample. */
function namesOf(size: number, inputShape: Shape, { encoding }: Dataset): readonly string[] {
  const columns = encoding === undefined ? [] : inputNames(encoding);
  if (columns.length === size) return columns;
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
