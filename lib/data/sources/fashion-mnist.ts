import { existsSync } from 'node:fs';
import { BilevelError } from '../../errors.js';
import { loadIdxFolder } from './idx-folder.js';
import type { DatasetSource } from './source.js';

const folder = '/usr/share/datasets/fashion-mnist';

/** Zalando's clothes, 28x28 grey, 60,000 + 10,000, from Debian's package dataset-fashion-mnist. */
export const fashionMnist: DatasetSource = {
  name: 'fashion-mnist',
  load: async () => {
    if (!existsSync(folder)) {
      throw new BilevelError(
        'NOT_FOUND',
        `Fashion-MNIST is not in ${folder}. On Debian or Ubuntu install it with: sudo apt-get install dataset-fashion-mnist`,
      );
    }
    return loadIdxFolder({
      name: 'fashion-mnist',
      folder,
      classes: ['T-shirt', 'Trouser', 'Pullover', 'Dress', 'Coat', 'Sandal', 'Shirt', 'Sneaker', 'Bag', 'Ankle boot'],
    });
  },
};
