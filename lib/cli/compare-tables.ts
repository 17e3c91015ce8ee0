import { plainOptions } from '../options.js';
import { formatFixed, formatNumber } from '../report/format.js';
import type { TextTable } from '../report/tables.js';
import {
  type Budget,
  type Curve,
  type Measurement,
  type MethodRun,
  meanAt,
  meanUntil,
  publishedLosses,
  publishedSeconds,
  type TaskSettings,
} from '../tasks/hyper-cleaning/index.js';
import { describeBatch, type MethodOutcome } from './compare-method.js';

/** What a method did with all seeds. */
export interface MethodResult {
  readonly run: MethodRun;
  readonly outcomes: readonly MethodOutcome[];
}

export interface Comparison {
  readonly task: TaskSettings;
  readonly budget: Budget;
  readonly results: readonly MethodResult[];
  readonly folder: string;
}

/** Parts of the budget at which losses are shown: for 300 seconds those of the published figures. */
const shares = publishedSeconds.map((seconds) => seconds / Math.max(...publishedSeconds));

export const curvesOf = ({ outcomes }: MethodResult): Curve[] => outcomes.map(({ curve }) => curve);

/** The last measurement of every seed that has one. */
export function lastOf(result: MethodResult): Measurement[] {
  return curvesOf(result).flatMap((curve) => curve.slice(-1));
}

/** Training loss, mean over the seeds, when a share of the budget has been used; undefined when not all came so far. */
export function lossAt(result: MethodResult, { unit, amount }: Budget, share = 1): number | undefined {
  return meanAt(curvesOf(result), 'trainingLoss', unit, share * amount);
}

/** Training losses at the moments that are shown; undefined when not all seeds came to the end. */
export function shownLosses(result: MethodResult, budget: Budget): number[] | undefined {
  const losses = shares.map((share) => lossAt(result, budget, share)).filter((loss) => loss !== undefined);
  return losses.length === shares.length ? losses : undefined;
}

/** Methods that came to the end by their loss there, then the others. */
function byFinalLoss({ results, budget }: Comparison): MethodResult[] {
  const rank = (result: MethodResult): number => lossAt(result, budget) ?? Number.MAX_VALUE;
  return results.toSorted((a, b) => rank(a) - rank(b));
}

const whole = (value: number): string => formatNumber(Math.round(value));
const decimals = (count: number) => (value: number) => formatFixed(value, count);

/** `60 s`, or a number of evaluations. */
function positionText({ unit }: Budget, position: number): string {
  return unit === 'seconds' ? `${formatNumber(Math.round(10 * position) / 10)} s` : whole(position);
}

/** The training loss for which the table says when it was reached: near the end many methods are equally low. */
const target = 1;

function untilText(position: number | undefined, budget: Budget): string {
  return position === undefined ? '–' : positionText(budget, position);
}

/** Training losses over the budget, mean over the seeds, beside those published. */
export function lossTable(comparison: Comparison): TextTable {
  const { task, budget, results } = comparison;
  const published = publishedLosses(task);
  const compared = budget.unit === 'seconds' && results.some(({ run }) => Object.hasOwn(published, run.method));
  const rows = byFinalLoss(comparison).map((result) => [
    result.run.method,
    ...shares.map((share) => formatFixed(lossAt(result, budget, share) ?? Number.NaN, 2)),
    untilText(meanUntil(curvesOf(result), target, budget.unit), budget),
    ...(compared ? publishedSeconds.map((_, index) => published[result.run.method]?.[index]?.toFixed(2) ?? '') : []),
  ]);
  return {
    title: `Training loss after so many ${budget.unit}`,
    header: [
      'Method',
      ...shares.map((share) => positionText(budget, share * budget.amount)),
      `until ${target}`,
      ...(compared ? publishedSeconds.map((seconds) => `paper ${seconds} s`) : []),
    ],
    rows,
    note:
      `Mean cross-entropy on the training images with their right labels, without weights, and when it was first as low as ${target}.` +
      (compared ? ' The machine of the paper is not known: its seconds are not ours.' : ''),
  };
}

const endColumns: readonly (readonly [
  title: string,
  value: (measurement: Measurement) => number | undefined,
  format: (value: number) => string,
])[] = [
  ['iterations', ({ iteration }) => iteration, whole],
  ['evaluations', ({ evaluations }) => evaluations, whole],
  ['seconds', ({ seconds }) => seconds, decimals(1)],
  ['given labels', ({ givenLoss }) => givenLoss, decimals(2)],
  ['test loss', ({ testLoss }) => testLoss, decimals(2)],
  ['test, %', ({ testAccuracy }) => 100 * testAccuracy, decimals(1)],
  ['AUC', ({ auc }) => auc, decimals(3)],
  ['residual', ({ linearResidual }) => linearResidual, (value) => formatNumber(value, 2)],
];

/** What each method has done and reached at the end, mean over the seeds. */
export function endTable(comparison: Comparison): TextTable {
  const { task, budget } = comparison;
  const rows = byFinalLoss(comparison).map((result) => {
    const last = lastOf(result);
    const cells = endColumns.map(([, value, format]) =>
      format(last.reduce((sum, measurement) => sum + (value(measurement) ?? Number.NaN), 0) / last.length),
    );
    return [result.run.method, describeBatch(result.run, task), ...cells, endOf(result)];
  });
  return {
    title: `At the end of ${positionText(budget, budget.amount)}${budget.unit === 'seconds' ? '' : ' evaluations'}`,
    header: ['Method', 'batch', ...endColumns.map(([title]) => title), ''],
    rows,
    note:
      'Losses on the training images with the labels as given and on the test set, and accuracy on the latter. Evaluations ' +
      'are gradients of f and g and products with second derivatives, each on one mini-batch. The AUC is the probability ' +
      'that a sample with a wrong label weighs less than one with a right label. The residual is the relative one of the ' +
      'linear system in the last iteration, of a method that solves one.',
  };
}

/** Whether a method did not train, or not to the end. */
function endOf({ outcomes }: MethodResult): string {
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  if (failed.length === 0) return '';
  return failed.every(({ curve }) => curve.length === 0) ? 'refuses' : 'ended early';
}

/** With which settings each method took part. */
export function settingsTable({ task, results }: Comparison): TextTable {
  const listed = (options: Readonly<Record<string, unknown>>): string =>
    Object.entries(plainOptions(options))
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
  return {
    title: 'Settings',
    header: ['Method', 'batch', 'options', 'from'],
    rows: results.map(({ run }) => [run.method, describeBatch(run, task), listed(run.chosen), run.source]),
  };
}
