import { checkKeys, invalidArgument } from '../errors.js';
import { Random } from './random.js';

/** Row numbers of two disjoint parts of a data set. */
export interface Split {
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/**
 * Draws disjoint parts of the rows 0 to `count` - 1 at random; rows beyond both parts are left out.
 * @throws INVALID_ARGUMENT when a size is not a positive integer or both together exceed `count`
 */
export function splitRows(count: number, sizes: { train: number; validation: number }, random: Random): Split {
  checkKeys(sizes, ['train', 'validation'], 'splitRows');
  if (!(random instanceof Random)) throw invalidArgument('random', 'a Random', random);
  for (const [name, size] of Object.entries({ train: sizes.train, validation: sizes.validation })) {
    if (!Number.isInteger(size) || size < 1) throw invalidArgument(name, 'a positive number of samples', size);
  }
  const { train, validation } = sizes;
  if (train + validation > count) {
    throw invalidArgument('train + validation', `at most the ${count} samples there are`, train + validation);
  }
  const order = random.permutation(count);
  return { train: order.slice(0, train), validation: order.slice(train, train + validation) };
}
