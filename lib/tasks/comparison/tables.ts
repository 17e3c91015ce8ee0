import { mean } from '../../numbers.js';
import { plainOptions } from '../../options.js';
import { formatFixed, formatNumber } from '../../report/format.js';
import type { TextTable } from '../../report/tables.js';
import { findMethod } from '../../solvers/index.js';
import {
  type Comparison,
  curvesOf,
  firstQuantity,
  lastOf,
  type MethodResult,
  shares,
  valueAtShare,
} from './comparison.js';
import { meanUntil } from './curves.js';
import { type Budget, describeBatch } from './settings.js';

/** Methods that came to the end by what they reached there, then the others. */
function byEnd(comparison: Comparison): readonly MethodResult[] {
  const rank = (result: MethodResult): number => valueAtShare(comparison, result, 1) ?? Number.MAX_VALUE;
  return comparison.results.toSorted((a, b) => rank(a) - rank(b));
}

const whole = (value: number): string => formatNumber(Math.round(value));
const decimals = (count: number) => (value: number) => formatFixed(value, count);

/** `60 s`, or a number of evaluations. */
function positionText({ unit }: Budget, position: number): string {
  return unit === 'seconds' ? `${formatNumber(Math.round(10 * position) / 10)} s` : whole(position);
}

/** The first quantity over the budget, mean over the seeds, beside what was published. */
export function valueTable(comparison: Comparison): TextTable {
  const { task, settings, results } = comparison;
  const { budget } = settings;
  const { target, notes } = task;
  const published = budget.unit === 'seconds' ? task.published?.(settings.task) : undefined;
  const compared = results.some(({ run }) => published?.values[run.name] !== undefined) ? published : undefined;
  const { name, title, format } = firstQuantity(task);
  const until = (result: MethodResult): string[] => {
    if (target === undefined) return [];
    const position = meanUntil(curvesOf(result), name, target, budget.unit);
    return [position === undefined ? '–' : positionText(budget, position)];
  };
  return {
    title: `${title} after so many ${budget.unit}`,
    header: [
      'Method',
      ...shares.map((share) => positionText(budget, share * budget.amount)),
      ...(target === undefined ? [] : [`until ${target}`]),
      ...(compared?.seconds.map((seconds) => `paper ${seconds} s`) ?? []),
    ],
    rows: byEnd(comparison).map((result) => [
      result.run.name,
      ...shares.map((share) => format(valueAtShare(comparison, result, share) ?? Number.NaN)),
      ...until(result),
      ...(compared?.seconds.map((_, index) => compared.values[result.run.name]?.[index]?.toFixed(2) ?? '') ?? []),
    ]),
    note:
      `${notes.first}${target === undefined ? '' : `, and when it was first as low as ${target}`}.` +
      (compared ? ` ${compared.note}` : ''),
  };
}

/** What each method has done and reached at the end, mean over the seeds. */
export function endTable(comparison: Comparison): TextTable {
  const { task, settings } = comparison;
  const { budget } = settings;
  type Column = readonly [title: string, name: string, format: (value: number) => string];
  const columns: readonly Column[] = [
    ['iterations', 'iteration', whole],
    ['evaluations', 'evaluations', whole],
    ['seconds', 'seconds', decimals(1)],
    ['f(u, v*)', 'response', (value) => formatNumber(value)],
    ...Object.entries(task.quantities)
      .slice(1)
      .map(([name, { title, format }]): Column => [title, name, format]),
    ['residual', 'linearResidual', (value) => formatNumber(value, 2)],
  ];
  const rows = byEnd(comparison).map((result) => {
    const last = lastOf(result);
    const cells = columns.map(([, name, format]) => format(mean(last.map((each) => each[name] ?? Number.NaN))));
    return [result.run.name, describeBatch(result.run, task.rows(settings.task)), ...cells, endOf(result)];
  });
  return {
    title: `At the end of ${positionText(budget, budget.amount)}${budget.unit === 'seconds' ? '' : ' evaluations'}`,
    header: ['Method', 'batch', ...columns.map(([title]) => title), 'note'],
    rows,
    note:
      `${task.notes.others} f(u, v*) is the upper cost on all samples where v has been trained anew on the lower cost alone, ` +
      `with the u that the method ended with. Evaluations are gradients of f and g and products with second derivatives, each on one ` +
      'mini-batch. The residual is the relative one of the linear system in the last iteration, of a method that solves one.' +
      noteOnDescent(comparison),
  };
}

/** Of which methods v is no response to u alone. */
function noteOnDescent({ results }: Comparison): string {
  const names = results.filter(({ run }) => findMethod(run.method).lowerDescendsUpper).map(({ run }) => run.name);
  return names.length === 0 ? '' : ` With ${names.join(', ')} v descends f as well as g.`;
}

/** Whether a method did not train, or not to the end. */
function endOf({ outcomes }: MethodResult): string {
  const failed = outcomes.filter(({ failure }) => failure !== undefined);
  if (failed.length === 0) return '';
  return failed.every(({ measured }) => measured.length === 0) ? 'refuses' : 'ended early';
}

/** With which settings each method took part. */
export function settingsTable({ task, settings, results }: Comparison): TextTable {
  const listed = (options: Readonly<Record<string, unknown>>): string =>
    Object.entries(plainOptions(options))
      .map(([key, value]) => `${key} ${value}`)
      .join(', ');
  return {
    title: 'Settings',
    header: ['Method', 'batch', 'options', 'from'],
    alignments: ['left', 'left', 'left', 'left'],
    rows: results.map(({ run }) => [
      run.name,
      describeBatch(run, task.rows(settings.task)),
      listed(run.chosen),
      run.source,
    ]),
  };
}
