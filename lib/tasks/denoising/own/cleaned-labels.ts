import { type CsvValue, encodeCsv } from '../../../data/csv.js';
import type { Records } from '../../../data/sources/source.js';
import { numberOf } from '../../../data/tables/numbers.js';
import { takeName } from '../../../names.js';
import type { Decisions } from '../../../review/index.js';

/** What was found out of the labels of training samples; every list is [n]. */
export interface CleanedLabels {
  /** How far the given label is trusted, 0 to 1; below 1/2 another class is more likely. */
  readonly weights: ArrayLike<number>;
  /** Not 0 where another label is more likely. */
  readonly suspicious: ArrayLike<number>;
  /** The class that is most likely. */
  readonly suggested: ArrayLike<number>;
}

/** What is put behind the columns of the owner's table. */
const added = ['weight', 'suspicious', 'suggested_label'] as const;

/** The cells of a row as they were, numbers among them: what begins with a sign need not be a formula. */
function cellsOf(records: Records, sample: number): CsvValue[] {
  return records.row(sample).map((cell) => (Number.isNaN(numberOf(cell)) ? cell : { digits: cell.trim() }));
}

/**
 * The owner's table with the columns weight, suspicious (yes or no) and suggested_label, which is empty where the given
 * label is likely and where somebody has said that the sample belongs to no class; rows are in the order of the file.
 */
export function encodeJudgedTable(
  records: Records,
  classes: readonly string[],
  { weights, suspicious, suggested }: CleanedLabels,
  decisions: Decisions = new Map(),
): string {
  const taken = new Set(records.columns);
  const header = [...records.columns, ...added.map((name) => takeName(name, taken))];
  const rows = Array.from(weights, (weight, sample) => {
    const isSuspicious = Boolean(suspicious[sample]);
    const isNamed = isSuspicious && decisions.get(sample)?.decision !== 'drop';
    const label = isNamed ? classes[suggested[sample] ?? -1] : undefined;
    return [...cellsOf(records, sample), Number(weight.toPrecision(4)), isSuspicious ? 'yes' : 'no', label];
  });
  return encodeCsv(header, rows);
}

/**
 * The owner's table without the rows of suspicious labels, but with those that somebody has fixed, as they were fixed.
 */
export function encodeCleanedTable(
  records: Records,
  classes: readonly string[],
  { suspicious }: CleanedLabels,
  decisions: Decisions = new Map(),
): string {
  const labels = records.columns.indexOf(records.label);
  const rows = Array.from(suspicious, (_, sample) => sample).flatMap((sample) => {
    const decision = decisions.get(sample);
    const cells = cellsOf(records, sample);
    if (decision?.decision === 'fix') return [cells.with(labels, classes[decision.label])];
    return suspicious[sample] ? [] : [cells];
  });
  return encodeCsv(records.columns, rows);
}
