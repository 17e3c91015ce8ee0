import type { Job, Outcome } from '../../study/index.js';
import type { AnyTask, Claim, Quantity } from '../task.js';
import { type Curve, type Measurement, meanAt } from './curves.js';
import type { ComparisonSettings, MethodRun } from './settings.js';

/** A method with a seed. */
export interface ComparisonJob extends Job {
  /** Settings of the task with the job's seed. */
  readonly task: { readonly seed: number };
  readonly run: MethodRun;
  readonly settings: ComparisonSettings;
}

/** What a method did with all seeds. */
export interface MethodResult {
  readonly run: MethodRun;
  readonly outcomes: readonly Outcome<ComparisonJob, Curve>[];
}

export interface Comparison {
  readonly task: AnyTask;
  readonly settings: ComparisonSettings;
  readonly results: readonly MethodResult[];
}

/** Parts of the budget at which values are shown: of 300 seconds those that were published. */
export const shares: readonly number[] = [50 / 300, 100 / 300, 1];

/** The quantity by which methods are ranked. */
export function firstQuantity({ quantities }: AnyTask): Quantity & { readonly name: string } {
  const [[name, quantity] = ['', undefined]] = Object.entries(quantities);
  if (quantity === undefined) throw new RangeError('A task has a quantity at least.');
  return { ...quantity, title: quantity.chart ?? quantity.title, name };
}

export const curvesOf = ({ outcomes }: MethodResult): Curve[] => outcomes.map(({ measured }) => measured);

/** The last measurement of every seed that has one. */
export function lastOf(result: MethodResult): Measurement[] {
  return curvesOf(result).flatMap((curve) => curve.slice(-1));
}

/**
 * The first quantity, mean over the seeds, when a share of the budget has been used; undefined when not all came so
 * far.
 */
export function valueAtShare({ task, settings }: Comparison, result: MethodResult, share: number): number | undefined {
  const { unit, amount } = settings.budget;
  return meanAt(curvesOf(result), firstQuantity(task).name, unit, share * amount);
}

/** What the paper of the task claims, at the moments that the tables show. */
export function claimsOf(comparison: Comparison): readonly Claim[] {
  const shown = comparison.results.flatMap((result): [string, number[]][] => {
    const values = shares
      .map((share) => valueAtShare(comparison, result, share))
      .filter((value) => value !== undefined);
    return values.length === shares.length ? [[result.run.name, values]] : [];
  });
  return comparison.task.claims?.(new Map(shown)) ?? [];
}

export function claimText({ text, holds, found }: Claim): string {
  return `${text}: ${holds ? 'so it is here' : 'not here'} (${found}).`;
}
