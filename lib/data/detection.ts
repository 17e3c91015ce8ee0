import { BilevelError } from '../errors.js';

/** How well low weights point to corrupted samples. */
export interface Detection {
  /** Area under the ROC curve of ranking by weight: 1 when every corrupted sample weighs less than every clean one. */
  readonly auc: number;
  /** Share of the samples below the threshold that are corrupted. */
  readonly precision: number;
  /** Share of the corrupted samples that are below the threshold. */
  readonly recall: number;
  /** Samples below the threshold. */
  readonly flagged: number;
  /** Corrupted samples. */
  readonly corrupted: number;
}

/**
 * Area under the ROC curve: the probability that a positive sample scores higher than a negative one, ties counting one
 * half (the Mann-Whitney statistic by mid-ranks). NaN when there are no positives or no negatives.
 * @param scores [n]
 * @param positives [n], non-zero for a positive sample
 * @throws INVALID_DATA for a score that is NaN, SHAPE_MISMATCH for lists of different length
 */
export function rocAuc(scores: ArrayLike<number>, positives: ArrayLike<number>): number {
  if (scores.length !== positives.length) {
    throw new BilevelError('SHAPE_MISMATCH', `There are ${scores.length} scores but ${positives.length} marks.`);
  }
  const order = Float64Array.from(scores, (_, index) => index).sort((a, b) => Number(scores[a]) - Number(scores[b]));
  let positiveCount = 0;
  let rankSum = 0;
  for (let start = 0; start < order.length; ) {
    const score = Number(scores[Number(order[start])]);
    let end = start;
    let positivesInTie = 0;
    for (; end < order.length && scores[Number(order[end])] === score; end++) {
      if (positives[Number(order[end])]) positivesInTie++;
    }
    if (end === start) throw new BilevelError('INVALID_DATA', `The score of sample ${order[start]} is not a number.`);
    // Ranks are counted from 1; members of a tie all get its middle.
    rankSum += positivesInTie * ((start + 1 + end) / 2);
    positiveCount += positivesInTie;
    start = end;
  }
  const negativeCount = order.length - positiveCount;
  return (rankSum - (positiveCount * (positiveCount + 1)) / 2) / (positiveCount * negativeCount);
}

/**
 * Judges the rule "a sample that weighs less than `threshold` has a wrong label". A share of nothing is NaN.
 * @param weights [n]
 * @param corrupted [n], non-zero where the label is in fact wrong
 * @throws as {@link rocAuc}
 */
export function detection(weights: ArrayLike<number>, corrupted: ArrayLike<number>, threshold = 0.5): Detection {
  const auc = rocAuc(
    Float64Array.from(weights, (weight) => -weight),
    corrupted,
  );
  let flagged = 0;
  let found = 0;
  let total = 0;
  for (let index = 0; index < weights.length; index++) {
    const low = Number(weights[index]) < threshold;
    if (low) flagged++;
    if (corrupted[index]) total++;
    if (low && corrupted[index]) found++;
  }
  return { auc, precision: found / flagged, recall: found / total, flagged, corrupted: total };
}
