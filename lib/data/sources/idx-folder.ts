import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BilevelError } from '../../errors.js';
import { type IdxArray, readIdx } from '../idx.js';
import { LabelledSamples } from '../labelled-samples.js';
import type { Dataset, DatasetFormat } from './source.js';

const prefix = 'idx:';

/** The four files that MNIST is distributed in. */
export const idxFolder: DatasetFormat = {
  specifications: [`${prefix}DIR`],
  accepts: (specification) => specification.startsWith(prefix) && specification.length > prefix.length,
  options: [],
  load: (name) => loadIdxFolder({ name, folder: name.slice(prefix.length) }),
};

export interface IdxFolder {
  /** Of the data set. */
  readonly name: string;
  readonly folder: string;
  /** Names of the classes; by default as many numbers as the largest label of the training set says. */
  readonly classes?: readonly string[];
}

/**
 * Reads a folder with the four files that MNIST is distributed in: train-images-idx3-ubyte, train-labels-idx1-ubyte,
 * t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each plain or with .gz.
 * @throws NOT_FOUND for a missing file, INVALID_FILE for a damaged one or parts that do not fit together, INVALID_DATA
 *   for a label outside the classes or a pixel that is not finite; IO_ERROR
 */
export async function loadIdxFolder({ name, folder, classes: given }: IdxFolder): Promise<Dataset> {
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    readPart(folder, 'train-images-idx3-ubyte'),
    readPart(folder, 'train-labels-idx1-ubyte'),
    readPart(folder, 't10k-images-idx3-ubyte'),
    readPart(folder, 't10k-labels-idx1-ubyte'),
  ]);
  const classes = given ?? numberClasses(trainLabels, folder);
  for (const { shape } of [trainImages, testImages]) {
    if (shape[0] === 0) throw new BilevelError('INVALID_FILE', `${name}: there are no images.`);
  }
  const train = new LabelledSamples(trainImages, trainLabels, classes.length, `${name} training set`);
  const test = new LabelledSamples(testImages, testLabels, classes.length, `${name} test set`);
  if (train.inputShape.join() !== test.inputShape.join()) {
    throw new BilevelError(
      'INVALID_FILE',
      `${name}: training inputs are [${train.inputShape.join(', ')}] but test inputs [${test.inputShape.join(', ')}].`,
    );
  }
  return { name, classes, train, test };
}

/** The file under its usual name or packed with gzip. @throws NOT_FOUND naming both */
async function readPart(folder: string, name: string): Promise<IdxArray> {
  const path = [join(folder, name), join(folder, `${name}.gz`)].find(existsSync);
  if (path === undefined) {
    throw new BilevelError('NOT_FOUND', `The folder ${folder} has neither ${name} nor ${name}.gz.`);
  }
  return readIdx(path);
}

const maxClasses = 10_000;

/** Classes of a folder that does not name them: as many as the largest label of the training set says. */
function numberClasses(labels: IdxArray, folder: string): string[] {
  let largest = 0;
  for (const label of labels.data) largest = Math.max(largest, label);
  if (!Number.isInteger(largest) || largest >= maxClasses) {
    throw new BilevelError(
      'INVALID_DATA',
      `${folder}: the label ${largest} is not a class number below ${maxClasses}.`,
    );
  }
  return Array.from({ length: largest + 1 }, (_, index) => String(index));
}
