import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BilevelError, invalidArgument } from '../errors.js';
import type { DatasetSource } from './dataset-source.js';
import { fashionMnist } from './fashion-mnist.js';
import { type IdxArray, readIdx } from './idx.js';
import { LabelledSamples } from './labelled-samples.js';
import { mnist } from './mnist.js';

export interface Dataset {
  /** The specification it was loaded by. */
  readonly name: string;
  /** Names of the classes; label i is `classes[i]`. */
  readonly classes: readonly string[];
  readonly train: LabelledSamples;
  readonly test: LabelledSamples;
}

const sources: Readonly<Record<string, DatasetSource>> = { mnist, 'fashion-mnist': fashionMnist };

/** Data sets that are known by name. */
export const datasetNames: readonly string[] = Object.keys(sources);

const folderPrefix = 'idx:';
const maxClasses = 10_000;

/** The file under its usual name or packed with gzip. @throws NOT_FOUND naming both */
async function readPart(folder: string, name: string): Promise<IdxArray> {
  const path = [join(folder, name), join(folder, `${name}.gz`)].find(existsSync);
  if (path === undefined) {
    throw new BilevelError('NOT_FOUND', `The folder ${folder} has neither ${name} nor ${name}.gz.`);
  }
  return readIdx(path);
}

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

/**
 * Loads images and labels.
 * @param name `mnist`, `fashion-mnist`, or `idx:DIR` for a folder of your own with the files train-images-idx3-ubyte,
 *   train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, each plain or with .gz
 * @throws INVALID_ARGUMENT for an unknown name, NOT_FOUND for a missing file or package (with the command to install it),
 *   INVALID_FILE for a damaged file, INVALID_DATA for a label outside the classes or a pixel that is not finite
 */
export async function loadDataset(name: string): Promise<Dataset> {
  const source = Object.hasOwn(sources, name) ? sources[name] : undefined;
  if (source === undefined && !(name.startsWith(folderPrefix) && name.length > folderPrefix.length)) {
    throw invalidArgument('data', `${datasetNames.join(', ')} or idx:DIR`, name);
  }
  const folder = source?.locate() ?? name.slice(folderPrefix.length);
  const [trainImages, trainLabels, testImages, testLabels] = await Promise.all([
    readPart(folder, 'train-images-idx3-ubyte'),
    readPart(folder, 'train-labels-idx1-ubyte'),
    readPart(folder, 't10k-images-idx3-ubyte'),
    readPart(folder, 't10k-labels-idx1-ubyte'),
  ]);
  const classes = source?.classes ?? numberClasses(trainLabels, folder);
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
