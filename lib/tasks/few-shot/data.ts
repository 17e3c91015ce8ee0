import { loadDataset } from '../../data/dataset.js';
import { Random } from '../../data/random.js';
import { BilevelError, invalidArgument } from '../../errors.js';
import { type Shape, Tensor } from '../../tensor.js';

/** Images of classes, and to which each belongs: `y` counts from 0. */
export interface ClassImages {
  /** float32 [n, channels, height, width] */
  readonly x: Tensor<'float32'>;
  /** int64 [n] */
  readonly y: Tensor<'int64'>;
  readonly classes: readonly string[];
}

/** The classes to learn from, those that decide when to stop, and those that tell how well new classes are learned. */
export type FewShotData = Readonly<Record<'train' | 'validation' | 'test', ClassImages>>;

export interface DataSettings {
  readonly data: string;
  /** By default 64 % of them. */
  readonly trainClasses: number | undefined;
  /** By default 16 %; the others are for the test. */
  readonly validationClasses: number | undefined;
  /** Most samples of a class; 0 for all. */
  readonly samples: number;
  readonly rotations: boolean;
  readonly shape: Shape | undefined;
  readonly seed: number;
}

/** Shares of the classes, of which the rest is for the test: those of mini-ImageNet. */
const [trainShare, validationShare] = [0.64, 0.16];

/**
 * Deals the classes of a data set out to the three parts: in their order where the set has one that experiments go by,
 * as Omniglot, else at random. Rotated by 90, 180 and 270 degrees the images of a class are three more classes of its
 * part.
 * @throws INVALID_ARGUMENT for more classes than there are; INVALID_DATA for samples that are no images, or not square
 *   where they are to be rotated; what loadDataset throws
 */
export async function loadFewShotData(settings: DataSettings): Promise<FewShotData> {
  const { data, samples, rotations, shape, seed } = settings;
  const dataset = await loadDataset(data, shape === undefined ? {} : { shape });
  const { classes, train } = dataset;
  const [, height, width] = train.inputShape;
  if (train.inputShape.length !== 3) {
    throw new BilevelError(
      'INVALID_DATA',
      `${data}: few-shot learning takes images [channels, height, width], but its samples are [${train.inputShape.join(', ')}].`,
    );
  }
  if (rotations && height !== width) {
    throw new BilevelError(
      'INVALID_DATA',
      `${data}: only square images can be rotated by 90 degrees, but these are ${height} x ${width}. Give --no-rotations, or a square --shape.`,
    );
  }
  const random = Random.fromSeed(seed, 'few-shot');
  const order = isOrdered(data) ? [...classes.keys()] : [...random.permutation(classes.length)];
  const { trainClasses, validationClasses } = countsOf(settings, classes.length);
  const ends = [trainClasses, trainClasses + validationClasses, classes.length];
  const byClass = classes.map((): number[] => []);
  for (const [row, label] of train.labels.data.entries()) {
    const rows = byClass[Number(label)];
    if (samples === 0 || (rows?.length ?? samples) < samples) rows?.push(row);
  }
  const part = (at: number): ClassImages => {
    const chosen = order.slice(ends[at - 1] ?? 0, ends[at]);
    const rows = chosen.flatMap((label) => byClass[label] ?? []);
    const labels = chosen.flatMap((label, index) => (byClass[label] ?? []).map(() => index));
    const { inputs } = train.take(rows);
    if (inputs.dtype !== 'float32') throw invalidArgument('data', 'images', data);
    const names = chosen.map((label) => classes[label] ?? '');
    const turned = rotations ? quarterTurns : [0];
    return {
      x: withTurns(inputs, turned),
      y: Tensor.from(
        turned.flatMap((_, turn) => labels.map((label) => label + turn * chosen.length)),
        [turned.length * rows.length],
        'int64',
      ),
      classes: turned.flatMap((turn) => names.map((name) => (turn === 0 ? name : `${name}, turned by ${90 * turn}°`))),
    };
  };
  return { train: part(0), validation: part(1), test: part(2) };
}

/** Of the 1,623 characters the first 1,200 are learned from, as published; of these the last 100 tell when to stop. */
const omniglotClasses = 1623;
const omniglotCounts = [1100, 100] as const;

const isOrdered = (data: string): boolean => data.startsWith('omniglot:');

/** @throws INVALID_ARGUMENT where no classes are left for the test */
function countsOf(
  settings: DataSettings,
  count: number,
): { readonly trainClasses: number; readonly validationClasses: number } {
  const isPublished = isOrdered(settings.data) && count === omniglotClasses;
  const shares = [trainShare, validationShare].map((share) => Math.round(share * count));
  const [usualTrain = 0, usualValidation = 0] = isPublished ? omniglotCounts : shares;
  const { trainClasses = usualTrain, validationClasses = usualValidation } = settings;
  if (trainClasses + validationClasses < count) return { trainClasses, validationClasses };
  throw invalidArgument(
    'train-classes and validation-classes',
    `fewer than the ${count} classes of ${settings.data} together`,
    trainClasses + validationClasses,
  );
}

const quarterTurns = [0, 1, 2, 3] as const;

/** All images turned by each of so many quarters of a circle, one set behind the other. */
function withTurns({ data, shape }: Tensor<'float32'>, turns: readonly number[]): Tensor<'float32'> {
  const [count = 0, channels = 0, side = 0, width = 0] = shape;
  const plane = side * width;
  const all = Tensor.zeros([turns.length * count, channels, side, width]);
  for (const [at, turn] of turns.entries()) {
    for (let image = 0; image < count * channels; image++) {
      const [from, to] = [image * plane, (at * count * channels + image) * plane];
      for (let row = 0; row < side; row++) {
        for (let column = 0; column < width; column++) {
          all.data[to + row * width + column] = data[from + turnedFrom(row, column, side, width, turn)] ?? 0;
        }
      }
    }
  }
  return all;
}

/** Where a pixel of the turned image comes from. */
function turnedFrom(row: number, column: number, side: number, width: number, turn: number): number {
  const last = side - 1;
  switch (turn) {
    case 1:
      return column * width + (last - row);
    case 2:
      return (last - row) * width + (last - column);
    case 3:
      return (last - column) * width + row;
    default:
      return row * width + column;
  }
}
