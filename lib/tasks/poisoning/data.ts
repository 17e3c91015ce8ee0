import { checkForExperiments, loadDataset } from '../../data/dataset.js';
import type { LabelledSamples } from '../../data/labelled-samples.js';
import { Random } from '../../data/random.js';
import { splitRows } from '../../data/split.js';
import { invalidArgument } from '../../errors.js';
import { checkFit, type Samples } from '../../network/classifier.js';
import { loadModel } from '../../network/models.js';
import type { Network } from '../../onnx/index.js';
import { formatType, Tensor } from '../../tensor.js';
import type { PoisoningSettings } from './settings.js';

/** Images with labels. */
export interface Images extends Samples {
  /** float32 [n, channels, height, width] or other samples [n, ...] with elements from 0 to 1. */
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
}

/** Where points come from, and as what they are labelled. */
export interface Points extends Images {
  /** The right labels, int64 [n]. */
  readonly trueLabels: Tensor<'int64'>;
}

type DataSettings = Pick<
  PoisoningSettings,
  'data' | 'network' | 'train' | 'validation' | 'seed' | 'attack' | 'from' | 'to'
>;

/**
 * Draws training and validation points from the data set's training part; its test part stays whole. For the targeted
 * attack both have as many points of each class as of any other.
 * @throws INVALID_ARGUMENT for a class that there is not, for tokens and for pixels outside [0, 1]; what loadDataset,
 *   loadModel, splitRows and checkFit throw
 */
export async function loadPoisoningInputs(settings: DataSettings): Promise<PoisoningInputs> {
  const { data, train, validation, seed, attack } = settings;
  checkForExperiments(data);
  const dataset = await loadDataset(data);
  const classes = dataset.classes.length;
  for (const name of ['from', 'to'] as const) {
    if (settings[name] >= classes)
      throw invalidArgument(`the option ${name} of poison`, `a class from 0 to ${classes - 1}`, settings[name]);
  }
  const random = Random.fromSeed(seed, 'split');
  const rows =
    attack === 'targeted'
      ? balancedRows(dataset.train.take().labels, classes, { train, validation }, random)
      : splitRows(dataset.train.count, { train, validation }, random);
  const network = await loadModel(settings.network, { inputShape: dataset.train.inputShape, classes });
  checkFit(network, dataset.train.inputShape, classes);
  return {
    network,
    classes: dataset.classes,
    train: imagesOf(dataset.train, rows.train, data),
    validation: imagesOf(dataset.train, rows.validation, data),
    test: imagesOf(dataset.test, undefined, data),
  };
}

function imagesOf(part: LabelledSamples, rows: Int32Array | undefined, data: string): Images {
  const { inputs, labels } = part.take(rows);
  if (inputs.dtype !== 'float32') throw invalidArgument('data', 'a data set of images', formatType(inputs));
  if (inputs.data.some((pixel) => pixel < 0 || pixel > 1)) {
    throw invalidArgument('data', 'images with pixels from 0 to 1, where poison points are kept', data);
  }
  return { inputs, labels };
}

/** Disjoint parts with as many rows of each class. */
function balancedRows(
  labels: Tensor<'int64'>,
  classes: number,
  sizes: { readonly train: number; readonly validation: number },
  random: Random,
): { readonly train: Int32Array; readonly validation: Int32Array } {
  const parts = { train: [] as number[], validation: [] as number[] };
  const order = random.permutation(labels.size);
  for (let label = 0; label < classes; label++) {
    const ofClass = Array.from(order).filter((row) => Number(labels.data[row]) === label);
    let taken = 0;
    for (const name of ['train', 'validation'] as const) {
      const share = sizes[name] / classes;
      if (!Number.isInteger(share) || share === 0) {
        throw invalidArgument(`the option ${name} of poison`, `a multiple of the ${classes} classes`, sizes[name]);
      }
      if (taken + share > ofClass.length) {
        throw invalidArgument(
          'train + validation',
          `at most the ${ofClass.length} samples that class ${label} has`,
          taken + share,
        );
      }
      parts[name].push(...ofClass.slice(taken, taken + share));
      taken += share;
    }
  }
  for (const rows of Object.values(parts)) random.shuffle(rows);
  return { train: Int32Array.from(parts.train), validation: Int32Array.from(parts.validation) };
}

/**
 * Points with wrong labels, drawn from the samples: any with a random wrong label, or for the targeted attack of the two
 * classes with the label of the other one, in turns.
 * @throws INVALID_ARGUMENT where there are not so many
 */
export function drawPoints(
  samples: Images,
  count: number,
  classes: number,
  { attack, from, to }: Pick<PoisoningSettings, 'attack' | 'from' | 'to'>,
  random: Random,
): Points {
  const order = Array.from(random.permutation(samples.labels.size));
  const labelOf = (row: number): number => Number(samples.labels.data[row]);
  const [first, second] = [from, to].map((label) => order.filter((row) => labelOf(row) === label));
  const rows =
    attack === 'untargeted'
      ? order.slice(0, count)
      : Array.from({ length: count }, (_, index) => (index % 2 === 0 ? first : second)?.[index >> 1] ?? -1);
  if (rows.length < count || rows.includes(-1)) {
    const all = attack === 'untargeted' ? order.length : 2 * Math.min(first?.length ?? 0, second?.length ?? 0);
    throw invalidArgument(
      'the option points of poison',
      `at most the ${all} samples that points can start from`,
      count,
    );
  }
  const wrong = (label: number): number => {
    if (attack === 'targeted') return label === from ? to : from;
    return (label + 1 + random.integer(classes - 1)) % classes;
  };
  const size = samples.inputs.size / samples.labels.size;
  const inputs = Tensor.zeros([count, ...samples.inputs.shape.slice(1)]);
  for (const [index, row] of rows.entries())
    inputs.data.set(samples.inputs.data.subarray(row * size, (row + 1) * size), index * size);
  return {
    inputs,
    labels: Tensor.from(
      rows.map((row) => wrong(labelOf(row))),
      [count],
      'int64',
    ),
    trueLabels: Tensor.from(rows.map(labelOf), [count], 'int64'),
  };
}
