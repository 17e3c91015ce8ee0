import { join } from 'node:path';
import { types } from 'node:util';
import { BilevelError } from '../../errors.js';
import { LabelledSamples } from '../labelled-samples.js';
import { readMat } from '../mat.js';
import type { DatasetFormat } from './source.js';

const prefix = 'svhn:';

const digits = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];

/** The two files that the cropped digits of the Street View House Numbers (Netzer et al. 2011) are distributed in. */
export const svhnFolder: DatasetFormat = {
  specifications: [`${prefix}DIR`],
  accepts: (specification) => specification.startsWith(prefix) && specification.length > prefix.length,
  options: [],
  async load(name) {
    const folder = name.slice(prefix.length);
    const train = await readPart(join(folder, 'train_32x32.mat'), `${name} training set`);
    const test = await readPart(join(folder, 'test_32x32.mat'), `${name} test set`);
    return { name, classes: digits, train, test };
  },
};

/** @throws INVALID_FILE, INVALID_DATA; what readMat throws */
async function readPart(path: string, source: string): Promise<LabelledSamples> {
  const arrays = await readMat(path);
  const [images, labels] = [arrays.get('X'), arrays.get('y')];
  const [height = 0, width = 0, channels = 0, count = 0, ...others] = images?.shape ?? [];
  const isImages = types.isUint8Array(images?.data) && channels === 3 && count > 0 && others.length === 0;
  if (images === undefined || labels === undefined || !isImages) {
    throw new BilevelError(
      'INVALID_FILE',
      `${path}: expected bytes X [height, width, 3, n] and labels y [n, 1], found ${
        [...arrays].map(([name, { shape }]) => `${name} [${shape.join(', ')}]`).join(', ') || 'no arrays'
      }.`,
    );
  }
  // In the file an image is channel after channel, and a channel column after column.
  const data = new Uint8Array(images.data.length);
  const plane = height * width;
  for (let start = 0; start < data.length; start += plane) {
    for (let row = 0, to = start; row < height; row++) {
      for (let column = 0; column < width; column++) data[to++] = images.data[start + column * height + row] ?? 0;
    }
  }
  // The digit 0 has the label 10.
  const [given = 0, one = 1] = labels.shape;
  const values = { shape: one === 1 ? [given] : labels.shape, data: Int32Array.from(labels.data, zeroForTen) };
  return new LabelledSamples({ shape: [count, 3, height, width], data }, values, digits.length, source);
}

const zeroForTen = (label: number): number => (label === 10 ? 0 : label);
