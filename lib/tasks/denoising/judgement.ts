import { rocAuc } from '../../data/detection.js';

/** How a way to deal with wrong labels did. Shares are in per cent; NaN where nothing defines them. */
export interface Judgement {
  /** Of its network on the test set. */
  readonly accuracy: number;
  /** Probability that a wrong label is trusted less than a right one, 0 to 1. */
  readonly auc: number;
  /** Share of the flagged labels that are wrong. */
  readonly precision: number;
  /** Share of the wrong labels that are flagged. */
  readonly recall: number;
  /** Of a form of the method: f(u, v*), its upper cost at a v that was trained anew on g alone. */
  readonly response?: number;
}

/**
 * @param trust how far each given label is trusted, [n]
 * @param flagged not 0 for labels that are taken for wrong, [n]
 * @param corrupted not 0 for those that are, [n]
 */
export function judgeLabels(
  trust: ArrayLike<number>,
  flagged: ArrayLike<number>,
  corrupted: ArrayLike<number>,
): Omit<Judgement, 'accuracy'> {
  const count = (of: (row: number) => boolean): number =>
    Array.from({ length: corrupted.length }, (_, row) => Number(of(row))).reduce((sum, each) => sum + each, 0);
  const found = count((row) => Boolean(flagged[row] && corrupted[row]));
  return {
    auc: rocAuc(
      Float64Array.from(trust, (value) => -value),
      corrupted,
    ),
    precision: (100 * found) / count((row) => Boolean(flagged[row])),
    recall: (100 * found) / count((row) => Boolean(corrupted[row])),
  };
}
