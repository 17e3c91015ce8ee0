import { Random } from '../../data/random.js';

/**
 * Deals rows out to folds of nearly equal size at random: the fold of every row, [count].
 * @param stream what the folds are for; each purpose has folds of its own
 * @returns undefined where there are fewer rows than folds
 */
export function foldsOf(count: number, folds: number, seed: number, stream: string): Int32Array | undefined {
  if (count < folds) return undefined;
  const fold = new Int32Array(count);
  for (const [position, row] of Random.fromSeed(seed, `folds ${stream}`).permutation(count).entries()) {
    fold[row] = position % folds;
  }
  return fold;
}
