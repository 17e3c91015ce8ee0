import { isForExperiments, loadDataset } from '../../data/dataset.js';
import type { LabelledSamples } from '../../data/labelled-samples.js';
import { Random } from '../../data/random.js';
import type { Dataset } from '../../data/sources/source.js';
import type { TableEncoding } from '../../data/tables/encoding.js';
import { invalidArgument } from '../../errors.js';
import { checkFit, type Samples } from '../../network/classifier.js';
import { loadModel } from '../../network/models.js';
import type { Network } from '../../onnx/index.js';
import { formatType, Tensor } from '../../tensor.js';
import { datasetOptions } from '../reading.js';
import { boxAround, type InputBox } from './input-box.js';
import type { PoisoningSettings } from './settings.js';

/** Images with labels. */
export interface Images extends Samples {
  /** float32 [n, channels, height, width] or other samples [n, ...]. */
  readonly inputs: Tensor<'float32'>;
}

export interface PoisoningInputs {
  readonly network: Network;
  readonly classes: readonly string[];
  /** The clean training points. */
  readonly train: Images;
  /** What the attacker judges by. */
  readonly validation: Images;
  readonly test: Images;
  readonly box: InputBox;
  /** How the rows of a table became inputs. */
  readonly encoding?: TableEncoding | undefined;
}

/** Where points come from, and as what they are labelled. */
export interface Points extends Images {
  /** The right labels, int64 [n]. */
  readonly trueLabels: Tensor<'int64'>;
}

type DataSettings = Pick<PoisoningSettings, 'data' | 'network' | 'seed' | 'attack' | 'from' | 'to' | 'format' | Part>;

type Part = 'train' | 'validation' | 'test';

/** Shares of the training part where no numbers of points are given; the rest is for the test. */
const usualShares = { train: 0.6, validation: 0.2 };

/**
 * Draws training, validation and test points from the data set's training part, or takes its test part whole. For the
 * targeted attack on data to experiment with each part that is drawn has as many points of each class as of any other.
 * @throws INVALID_ARGUMENT for a class that there is not, for more points than there are and for tokens; what
 *   loadDataset, loadModel and checkFit throw
 */
export async function loadPoisoningInputs(settings: DataSettings): Promise<PoisoningInputs> {
  const { data, attack, format } = settings;
  const dataset = await loadDataset(data, format === undefined ? {} : datasetOptions(format));
  const classes = dataset.classes.length;
  for (const name of attack === 'targeted' ? (['from', 'to'] as const) : []) {
    if (settings[name] < classes) continue;
    throw invalidArgument(`the option ${name} of poison`, `a class from 0 to ${classes - 1}`, settings[name]);
  }
  const network = await loadModel(settings.network, { inputShape: dataset.train.inputShape, classes });
  checkFit(network, dataset.train.inputShape, classes);
  const sizes = partSizes(settings, dataset);
  const isBalanced = attack === 'targeted' && isForExperiments(data);
  const rows = drawRows(dataset.train.labels, isBalanced ? classes : undefined, settings.seed, sizes);
  const train = imagesOf(dataset.train, rows.train, data);
  const validation = imagesOf(dataset.train, rows.validation, data);
  return {
    network,
    classes: dataset.classes,
    train,
    validation,
    test: sizes.test === 0 ? imagesOf(dataset.test, undefined, data) : imagesOf(dataset.train, rows.test, data),
    box: boxAround([train.inputs, validation.inputs], dataset.encoding && categoriesOf(dataset.encoding)),
    encoding: dataset.encoding,
  };
}

/** Points of each part, as given or as {@link usualShares} say; no test points where the data have a test part. */
function partSizes({ train, validation, test }: DataSettings, dataset: Dataset): Readonly<Record<Part, number>> {
  const { count } = dataset.train;
  const forTraining = train || Math.round(usualShares.train * count);
  const forValidation = validation || Math.round(usualShares.validation * count);
  const isWhole = test === 0 && dataset.test.count > 0;
  return {
    train: forTraining,
    validation: forValidation,
    test: isWhole ? 0 : test || count - forTraining - forValidation,
  };
}

/** Numbers of the inputs that are categories. */
export function categoriesOf({ columns }: TableEncoding): ReadonlySet<number> {
  const kinds = columns.flatMap((each) =>
    each.kind === 'number' ? [each.kind] : each.categories.map(() => each.kind),
  );
  return new Set(kinds.flatMap((kind, input) => (kind === 'category' ? [input] : [])));
}

/**
 * Rows of a part of a data set, all by default. @throws INVALID_ARGUMENT for tokens
 */
export function imagesOf(part: LabelledSamples, rows: readonly number[] | undefined, data: string): Images {
  const { inputs, labels } = part.take(rows);
  if (inputs.dtype === 'float32') return { inputs, labels };
  throw invalidArgument('data', 'a data set of images or numbers', `${data} with ${formatType(inputs)}`);
}

/** Disjoint parts; with as many rows of each class where their number is given. */
function drawRows(
  labels: Tensor<'int64'>,
  classes: number | undefined,
  seed: number,
  sizes: Readonly<Record<Part, number>>,
): Readonly<Record<Part, readonly number[]>> {
  const random = Random.fromSeed(seed, 'split');
  const order = Array.from(random.permutation(labels.size));
  const groups =
    classes === undefined
      ? [order]
      : Array.from({ length: classes }, (_, label) => order.filter((row) => Number(labels.data[row]) === label));
  const rows: Record<Part, number[]> = { train: [], validation: [], test: [] };
  for (const group of groups) {
    let taken = 0;
    for (const name of ['train', 'validation', 'test'] as const) {
      const share = sizes[name] / groups.length;
      if (!Number.isInteger(share)) {
        throw invalidArgument(`the option ${name} of poison`, `a multiple of the ${classes} classes`, sizes[name]);
      }
      rows[name].push(...group.slice(taken, taken + share));
      taken += share;
    }
    if (taken <= group.length) continue;
    const smallest = Math.min(...groups.map(({ length }) => length)) * groups.length;
    throw invalidArgument('train + validation + test', `at most ${smallest} samples`, taken * groups.length);
  }
  for (const part of Object.values(rows)) random.shuffle(part);
  return rows;
}

/** A class of which points are, and the wrong label that they are given. */
export type Flip = readonly [from: number, to: number];

/**
 * Points with wrong labels, drawn from the samples: of any class with a random wrong label, or as the flips say, in
 * turns.
 * @throws INVALID_ARGUMENT where there are not so many
 */
export function drawPoints(
  { inputs, labels }: Images,
  count: number,
  classes: number,
  flips: readonly Flip[] | undefined,
  random: Random,
): Points {
  const order = Array.from(random.permutation(labels.size));
  const labelOf = (row: number): number => Number(labels.data[row]);
  const groups = (flips ?? [undefined]).map((flip) =>
    flip === undefined ? order : order.filter((row) => labelOf(row) === flip[0]),
  );
  const most = groups.length * Math.min(...groups.map(({ length }) => length));
  if (count > most) {
    throw invalidArgument(
      'the option points of poison',
      `at most the ${most} samples that points can start from`,
      count,
    );
  }
  const rows = Array.from(
    { length: count },
    (_, index) => groups[index % groups.length]?.[Math.floor(index / groups.length)] ?? 0,
  );
  const wrong = rows.map((row, index) => {
    const flip = flips?.[index % flips.length];
    return flip?.[1] ?? (labelOf(row) + 1 + random.integer(classes - 1)) % classes;
  });
  const size = inputs.size / labels.size;
  const pixels = Tensor.zeros([count, ...inputs.shape.slice(1)]);
  for (const [index, row] of rows.entries()) {
    pixels.data.set(inputs.data.subarray(row * size, (row + 1) * size), index * size);
  }
  return {
    inputs: pixels,
    labels: Tensor.from(wrong, [count], 'int64'),
    trueLabels: Tensor.from(rows.map(labelOf), [count], 'int64'),
  };
}
