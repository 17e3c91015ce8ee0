import { invalidArgument } from '../errors.js';
import { Tensor } from '../tensor.js';
import { checkLabels } from './labels.js';
import type { Random } from './random.js';

export interface CorruptedLabels {
  /** A copy of the labels with the wrong ones in place, int64 [n]. */
  readonly labels: Tensor<'int64'>;
  /** True where the label was replaced, bool [n]. */
  readonly corrupted: Tensor<'bool'>;
}

/**
 * Replaces floor(rate * n) labels, chosen without replacement, by a label drawn uniformly from the other classes.
 * @param labels int64 [n], each from 0 to classes - 1
 * @param rate from 0 to 1
 * @throws INVALID_ARGUMENT for a bad rate or fewer than 2 classes, INVALID_DATA for a label outside the classes
 */
export function corruptLabels(labels: Tensor<'int64'>, rate: number, classes: number, random: Random): CorruptedLabels {
  if (!(rate >= 0 && rate <= 1)) throw invalidArgument('rate', 'a number from 0 to 1', rate);
  if (!Number.isInteger(classes) || classes < 2) throw invalidArgument('classes', 'an integer of at least 2', classes);
  checkLabels(labels, classes, 'labels');
  const noisy = labels.clone();
  const corrupted = Tensor.zeros(labels.shape, 'bool');
  // The product is rounded up by less than a label, so that 0.29 * 100 = 28.999999999999996 counts as 29.
  const count = Math.floor(rate * labels.size + 1e-6);
  for (const index of random.permutation(labels.size).subarray(0, count)) {
    const shift = 1 + random.integer(classes - 1);
    noisy.data[index] = BigInt((Number(labels.data[index]) + shift) % classes);
    corrupted.data[index] = 1;
  }
  return { labels: noisy, corrupted };
}
