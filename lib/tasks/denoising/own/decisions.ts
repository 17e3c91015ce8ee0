import { BilevelError } from '../../../errors.js';
import { type Decision, type Decisions, readDecisions } from '../../../review/index.js';
import type { CleanedLabels } from './cleaned-labels.js';

/** @throws what readDecisions throws; INVALID_DATA for a row or a label that the data set does not have */
export async function decisionsOn(path: string, rows: number, classes: readonly string[]): Promise<Decisions> {
  const decisions = await readDecisions(path);
  for (const [row, each] of decisions) {
    if (row < rows && (each.decision !== 'fix' || each.label < classes.length)) continue;
    throw new BilevelError(
      'INVALID_DATA',
      `${path} decides on row ${row}${each.decision === 'fix' ? ` and label ${each.label}` : ''}, but the data set has ${rows} rows ` +
        `and ${classes.length} classes. Give the decisions that were made on this data set.`,
    );
  }
  return decisions;
}

/** The labels, int64 [n], with those that were fixed. */
export function withFixed(labels: BigInt64Array, decisions: Decisions): BigInt64Array {
  const fixed = labels.slice();
  for (const [row, each] of decisions) if (each.decision === 'fix') fixed[row] = BigInt(each.label);
  return fixed;
}

/** How much a sample counts on which somebody has decided: all, or nothing where it belongs to no class. */
export function weightOf({ decision }: Decision): number {
  return decision === 'drop' ? 0 : 1;
}

/**
 * What was found, and where somebody has decided, that: a label that was fixed or dropped is wrong, one that was kept
 * is right.
 */
export function overruled({ weights, suspicious, suggested }: CleanedLabels, decisions: Decisions): CleanedLabels {
  const said = {
    weights: Float64Array.from(weights),
    suspicious: Uint8Array.from(suspicious),
    suggested: Int32Array.from(suggested),
  };
  for (const [row, each] of decisions) {
    said.weights[row] = each.decision === 'keep' ? 1 : 0;
    said.suspicious[row] = each.decision === 'keep' ? 0 : 1;
    if (each.decision === 'fix') said.suggested[row] = each.label;
  }
  return said;
}
