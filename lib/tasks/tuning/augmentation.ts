import { type AugmentOptions, augment } from '../../bilevel/index.js';
import { concat, constant, type Node, reshape, softmax } from '../../graph/index.js';

/** Changes that leave most images what they are, by name, for images of so many pixels along their shorter side. */
const changes = {
  shifted: (size) => ({ shift: Math.max(1, Math.round(size / 14)) }),
  turned: () => ({ rotate: 15 }),
  scaled: () => ({ scale: 1.2 }),
  mirrored: () => ({ flip: 1 }),
} as const satisfies Readonly<Record<string, (size: number) => AugmentOptions>>;

type Change = keyof typeof changes;

export const changeNames = Object.keys(changes) as readonly Change[];

/**
 * Images as they are, and after them all of them changed in each way: [(1 + changes) n, channels, height, width] of n.
 * Equal keys change them alike.
 */
export function changedImages(images: Node, key: Node): Node {
  const size = Math.min(...images.shape.slice(-2));
  return concat([images, ...changeNames.map((name) => augment(images, key, changes[name](size)))], 0);
}

/**
 * What part of the loss images as they are and those changed in each way have: [1 + changes, 1], which sum to 1.
 * @param u logarithms of what each change has to what images as they are have
 */
export const sharesOfLoss = (u: Node): Node =>
  softmax(reshape(concat([constant([0], [1]), u], 0), [1 + changeNames.length, 1]), 0);

/** The parts of the changes alone. */
export function sharesOfChanges(u: readonly number[]): readonly number[] {
  const total = u.reduce((sum, each) => sum + Math.exp(each), 1);
  return u.map((each) => Math.exp(each) / total);
}
