import { invalidArgument } from '../errors.js';
import { Tensor } from '../tensor.js';
import { checkLabels } from './labels.js';
import { Random } from './random.js';

/** What {@link corruptLabels} gives. */
export interface CorruptedLabels {
  /** A copy of the labels with the wrong ones in place, int64 [n]. */
  readonly labels: Tensor<'int64'>;
  /** True where the label was replaced, bool [n]. */
  readonly corrupted: Tensor<'bool'>;
}

/** Draws a wrong label for a sample, given its right one. */
export type WrongLabel = (row: number, label: number, random: Random) => number;

/** Symmetric noise: any other class, all alike. */
export const anyOther =
  (classes: number): WrongLabel =>
  (_, label, random) =>
    (label + 1 + random.integer(classes - 1)) % classes;

/** Pair-flip noise (Han et al. 2018): the next class, and the first one after the last. */
export const nextClass =
  (classes: number): WrongLabel =>
  (_, label) =>
    (label + 1) % classes;

/**
 * Confusions: another class, in proportion to the probability that a classifier gives it for the sample, so that labels
 * go wrong to what the sample looks like.
 * @param probabilities [n, classes]
 */
export const confusedWith =
  ({ data, shape: [, classes = 0] }: Tensor<'float32'>): WrongLabel =>
  (row, label, random) => {
    // Where the classifier is certain to the last bit, what is left is any other class.
    const least = 1e-9;
    const weights = Float64Array.from({ length: classes }, (_, c) =>
      c === label ? 0 : Math.max(data[row * classes + c] ?? 0, least),
    );
    let rest = random.uniform() * weights.reduce((sum, each) => sum + each, 0);
    const drawn = weights.findIndex((weight, c) => {
      rest -= weight;
      return c !== label && rest < 0;
    });
    return drawn >= 0 ? drawn : weights.findLastIndex((weight) => weight > 0);
  };

/**
 * Replaces floor(rate * n) labels, chosen without replacement, by wrong ones.
 * @param labels int64 [n], each from 0 to classes - 1
 * @param rate from 0 to 1
 * @param wrongLabel how a wrong label is drawn; by default uniformly from the other classes
 * @throws INVALID_ARGUMENT for a bad rate or fewer than 2 classes, INVALID_DATA for a label outside the classes
 */
export function corruptLabels(
  labels: Tensor<'int64'>,
  rate: number,
  classes: number,
  random: Random,
  wrongLabel: WrongLabel = anyOther(classes),
): CorruptedLabels {
  if (!(labels instanceof Tensor)) throw invalidArgument('labels', 'an int64 tensor', labels);
  if (!(random instanceof Random)) throw invalidArgument('random', 'a Random', random);
  if (!(typeof rate === 'number' && rate >= 0 && rate <= 1))
    throw invalidArgument('rate', 'a number from 0 to 1', rate);
  if (!Number.isInteger(classes) || classes < 2) throw invalidArgument('classes', 'an integer of at least 2', classes);
  checkLabels(labels, classes, 'labels');
  const noisy = labels.clone();
  const corrupted = Tensor.zeros(labels.shape, 'bool');
  // The product is rounded up by less than a label, so that 0.29 * 100 = 28.999999999999996 counts as 29.
  const count = Math.floor(rate * labels.size + 1e-6);
  for (const index of random.permutation(labels.size).subarray(0, count)) {
    noisy.data[index] = BigInt(wrongLabel(index, Number(labels.data[index]), random));
    corrupted.data[index] = 1;
  }
  return { labels: noisy, corrupted };
}
