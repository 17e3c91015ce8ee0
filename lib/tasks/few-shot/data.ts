import { loadDataset } from '../../data/dataset.js';
import { checkImageShape, readImages } from '../../data/images.js';
import { LabelledSamples } from '../../data/labelled-samples.js';
import { Random } from '../../data/random.js';
import { BilevelError, invalidArgument } from '../../errors.js';
import { type Shape, sameShape, Tensor } from '../../tensor.js';
import { type ClassSplit, findClassSplit, type Part } from './class-split.js';

/** Images of classes, and to which each belongs: `y` counts from 0. */
export interface ClassImages {
  /** float32 [n, channels, height, width] */
  readonly x: Tensor<'float32'>;
  /** int64 [n] */
  readonly y: Tensor<'int64'>;
  readonly classes: readonly string[];
}

/** The classes to learn from, those that decide when to stop, and those that tell how well new classes are learned. */
export type FewShotData = Readonly<Record<Part, ClassImages>>;

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

/** Samples of the classes of a part, which are [channels, height, width]. */
interface PartSamples {
  readonly x: Tensor<'float32'>;
  /** Of the classes, from 0. */
  readonly labels: readonly number[];
  readonly classes: readonly string[];
}

type PartsSamples = Readonly<Record<Part, PartSamples>>;

const folderPrefix = 'folder:';

/**
 * The classes of a data set in three parts: as a folder of images deals them out itself ({@link findClassSplit}), in
 * their order where the set has one that experiments go by, as Omniglot, else at random. Rotated by 90, 180 and 270
 * degrees the images of a class are three more classes of its part.
 * @throws INVALID_ARGUMENT for more classes than there are, and for counts of classes that are dealt out already;
 *   INVALID_DATA for samples that are no images, or not square where they are to be rotated; what loadDataset and
 *   findClassSplit throw
 */
export async function loadFewShotData(settings: DataSettings): Promise<FewShotData> {
  const { data, rotations } = settings;
  const split = data.startsWith(folderPrefix) ? await findClassSplit(data.slice(folderPrefix.length)) : undefined;
  const { train, validation, test } = await (split === undefined ? dealtOut(settings) : readSplit(split, settings));
  const turned = rotations ? quarterTurns : [0];
  const [images, others, last] = [train, validation, test].map(({ x, labels, classes }): ClassImages => {
    const [, , height, width] = x.shape;
    if (rotations && height !== width) {
      throw new BilevelError(
        'INVALID_DATA',
        `${data}: only square images can be rotated by 90 degrees, but these are ${height} x ${width}. Give --no-rotations, or a square --shape.`,
      );
    }
    return {
      x: withTurns(x, turned),
      y: Tensor.from(
        turned.flatMap((_, turn) => labels.map((label) => label + turn * classes.length)),
        [turned.length * labels.length],
        'int64',
      ),
      classes: turned.flatMap((turn) =>
        classes.map((name) => (turn === 0 ? name : `${name}, turned by ${90 * turn}°`)),
      ),
    };
  }) as [ClassImages, ClassImages, ClassImages];
  return { train: images, validation: others, test: last };
}

async function dealtOut(settings: DataSettings): Promise<PartsSamples> {
  const { data, samples, shape, seed } = settings;
  const { classes, train } = await loadDataset(data, shape === undefined ? {} : { shape });
  if (train.inputShape.length !== 3) {
    throw new BilevelError(
      'INVALID_DATA',
      `${data}: few-shot learning takes images [channels, height, width], but its samples are [${train.inputShape.join(', ')}].`,
    );
  }
  const random = Random.fromSeed(seed, 'few-shot');
  const order = isOrdered(data) ? [...classes.keys()] : [...random.permutation(classes.length)];
  const { trainClasses, validationClasses } = countsOf(settings, classes.length);
  const byClass = classes.map((): number[] => []);
  for (const [row, label] of train.labels.data.entries()) {
    const rows = byClass[Number(label)];
    if (samples === 0 || (rows?.length ?? samples) < samples) rows?.push(row);
  }
  const part = (from: number, to: number): PartSamples => {
    const chosen = order.slice(from, to);
    const { inputs } = train.take(chosen.flatMap((label) => byClass[label] ?? []));
    if (inputs.dtype !== 'float32') throw invalidArgument('data', 'images', data);
    return {
      x: inputs,
      labels: chosen.flatMap((label, index) => (byClass[label] ?? []).map(() => index)),
      classes: chosen.map((label) => classes[label] ?? ''),
    };
  };
  const end = trainClasses + validationClasses;
  return { train: part(0, trainClasses), validation: part(trainClasses, end), test: part(end, classes.length) };
}

async function readSplit(
  split: ClassSplit,
  { data, samples, shape, trainClasses, validationClasses }: DataSettings,
): Promise<PartsSamples> {
  const counts = trainClasses ?? validationClasses;
  if (counts !== undefined) {
    throw invalidArgument(
      'train-classes and validation-classes',
      `neither, as ${data} has its classes dealt out already`,
      counts,
    );
  }
  checkImageShape(shape);
  const read = async (part: Part): Promise<PartSamples> => {
    const files = split[part].map(({ files }) => (samples === 0 ? files : files.slice(0, samples)));
    const classes = split[part].map(({ name }) => name);
    const labels = files.flatMap((each, label) => each.map(() => label));
    const inputs = await readImages(files.flat(), shape);
    const all = { shape: [labels.length], data: Int32Array.from(labels) };
    const { inputs: x } = new LabelledSamples(inputs, all, classes.length, `${data}, ${part}`).take();
    return { x: x as Tensor<'float32'>, labels, classes };
  };
  const train = await read('train');
  const others = { validation: await read('validation'), test: await read('test') };
  for (const [part, { x }] of Object.entries(others)) {
    if (sameShape(x.shape.slice(1), train.x.shape.slice(1))) continue;
    throw new BilevelError(
      'INVALID_DATA',
      `${data}: images of ${part} are [${x.shape.slice(1).join(', ')}], but those of train [${train.x.shape.slice(1).join(', ')}]. Give --shape, to which all are scaled.`,
    );
  }
  return { train, ...others };
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
