import type { TextTable } from '../../../report/tables.js';
import type { CleanedLabels } from './cleaned-labels.js';

/** Most classes of which every pair has a cell, and most characters of their names in one line. */
const mostClasses = 12;
const mostCharacters = 100;
/** Most pairs that are listed where classes are more, or their names longer. */
const mostPairs = 30;

/** Suspicious samples of a given label that are better called something else. */
export interface PairCount {
  readonly given: string;
  readonly suggested: string;
  readonly samples: number;
}

/** Samples by given label and suggested one, which is the given one unless they are suspicious, [classes][classes]. */
function count(
  classes: number,
  given: ArrayLike<number | bigint>,
  { suspicious, suggested }: CleanedLabels,
): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let sample = 0; sample < given.length; sample++) {
    const label = Number(given[sample]);
    const column = suspicious[sample] ? (suggested[sample] ?? label) : label;
    const row = counts[label];
    if (row !== undefined) row[column] = (row[column] ?? 0) + 1;
  }
  return counts;
}

/**
 * The pairs of a given and another suggested label, those that are met most first.
 * @param given class numbers, [n]
 */
export function pairsOf(
  classes: readonly string[],
  given: ArrayLike<number | bigint>,
  found: CleanedLabels,
): PairCount[] {
  const pairs = count(classes.length, given, found).flatMap((row, from) =>
    row.flatMap((samples, to) =>
      from === to || samples === 0 ? [] : [{ given: classes[from] ?? '', suggested: classes[to] ?? '', samples }],
    ),
  );
  return pairs.toSorted((a, b) => b.samples - a.samples);
}

/**
 * How many samples of each given label are better called something else: a table with a row for each given label, or
 * with many classes or long names a list of the pairs that are met most.
 * @param given class numbers, [n]
 */
export function confusionTable(
  classes: readonly string[],
  given: ArrayLike<number | bigint>,
  found: CleanedLabels,
): TextTable {
  const title = 'Given against suggested labels';
  if (classes.length > mostClasses || classes.join('').length > mostCharacters) {
    const pairs = pairsOf(classes, given, found);
    const most = pairs.slice(0, mostPairs);
    return {
      title,
      header: ['given', 'suggested', 'samples'],
      rows: most.map(({ given, suggested, samples }) => [given, suggested, String(samples)]),
      alignments: ['left', 'left', 'right'],
      note: `The ${most.length} most frequent of ${pairs.length} pairs.`,
    };
  }
  return {
    title,
    header: ['given', ...classes],
    rows: count(classes.length, given, found).map((row, label) => [classes[label] ?? '', ...row.map(String)]),
    note: 'A row for each given label and a column for each suggested one: labels that are kept stand on the diagonal.',
  };
}
