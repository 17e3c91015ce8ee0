import { existsSync } from 'node:fs';
import { BilevelError } from '../errors.js';
import type { DatasetSource } from './dataset-source.js';

const folder = '/usr/share/datasets/fashion-mnist';

/** Zalando's clothes, 28x28 grey, 60,000 + 10,000, from Debian's package dataset-fashion-mnist. */
export const fashionMnist: DatasetSource = {
  classes: ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
  locate() {
    if (existsSync(folder)) return folder;
    throw new BilevelError(
      'NOT_FOUND',
      `Fashion-MNIST is not in ${folder}. On Debian or Ubuntu install it with: sudo apt-get install dataset-fashion-mnist`,
    );
  },
};
