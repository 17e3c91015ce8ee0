import { formatDuration } from '../report/format.js';
import { type MethodResult, meanAndDeviation } from '../report/tables.js';
import { publishedAccuracies } from '../tasks/denoising/index.js';
import type { SeedResult } from './denoise-seed.js';
import { formatTable } from './output.js';
import { style } from './print.js';

/** One line per method: our accuracies in per cent, one per seed, beside the published one. */
export function accuracyRows(results: readonly SeedResult[]): MethodResult[] {
  const [first] = results;
  const published = first && publishedAccuracies(first.settings);
  const row = (
    method: string,
    ours: (result: SeedResult) => number | undefined,
    paper?: number,
    extra: object = {},
  ): MethodResult[] => {
    const values = results.map(ours).filter((value) => value !== undefined);
    if (values.length === 0) return [];
    const known = paper !== undefined && !Number.isNaN(paper);
    return [{ method, ours: values.map((value) => 100 * value), ...(known && { paper }), ...extra }];
  };
  return [
    ...row('Val-only', ({ baselines }) => baselines?.validationOnly, published?.validationOnly, {
      note: 'validation samples alone',
    }),
    ...row('Train+Val', ({ baselines }) => baselines?.trainAndValidation, published?.trainAndValidation, {
      note: 'all samples as given',
    }),
    ...row('Penalty', ({ penalty }) => penalty, published?.penalty, {
      note: 'the lower-level network',
      emphasized: true,
    }),
    ...row('Penalty, retrained', ({ retrained }) => retrained, published?.retrained, {
      note: 'on trusted and validation samples',
    }),
    ...row('Oracle', ({ baselines }) => baselines?.oracle, published?.oracle, {
      note: 'all samples with right labels',
    }),
  ];
}

/** The results as people read them. */
export function summarize(results: readonly SeedResult[]): string {
  const all = accuracyRows(results);
  const published = results[0] && publishedAccuracies(results[0].settings);
  const compared = all.some(({ paper }) => paper !== undefined);
  const rows = all.map(({ method, ours, paper, note }) => [
    method,
    spread(ours),
    ...(compared ? [paper?.toFixed(2) ?? ''] : []),
    note ?? '',
  ]);
  const header = ['Test accuracy in %', 'ours', ...(compared ? ['paper'] : []), ''];
  const of = (value: (result: SeedResult) => number): readonly number[] => results.map(value);
  const wallMs = of((result) => result.wallMs).reduce((sum, ms) => sum + ms, 0);
  const bilevelMs = of((result) => result.bilevelMs).reduce((sum, ms) => sum + ms, 0);
  const steps = of((result) => result.lowerSteps).reduce((sum, count) => sum + count, 0);
  const folders = results.map(({ folder }) => folder).join(', ');
  const auc = spread(
    of(({ detection }) => detection.auc),
    3,
  );
  const precision = spread(
    of(({ detection }) => 100 * detection.precision),
    1,
  );
  const recall = spread(
    of(({ detection }) => 100 * detection.recall),
    1,
  );
  const trusted = spread(
    of((result) => result.trusted),
    0,
  );
  const speed = `${Math.round(steps / (bilevelMs / 1000))} per second`;
  const line = (title: string, text: string): string => `${style('bold', title.padEnd(14))} ${text}`;
  return [
    '',
    formatTable(
      header,
      rows,
      header.map((title) => (title === 'ours' || title === 'paper' ? 'right' : 'left')),
    ),
    '',
    line('Wrong labels', `AUC ${auc}   precision ${precision} %   recall ${recall} %   (weight below 0.5)`),
    line('Trusted', `${trusted} samples for retraining`),
    line(
      'Time',
      `${formatDuration(wallMs / 1000)} in all; ${formatDuration(bilevelMs / 1000)} for ${steps} steps of v, ${speed}`,
    ),
    ...(published === undefined ? [] : [line('Paper', published.where)]),
    line('Results', `${folders} (open report.html)`),
  ].join('\n');
}

/** Mean, and with several seeds the standard deviation; a dash for what nothing defines, such as the AUC without noise. */
function spread(values: readonly number[], digits = 2): string {
  if (values.some(Number.isNaN)) return '–';
  const { mean, deviation } = meanAndDeviation(values);
  return deviation === undefined ? mean.toFixed(digits) : `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}`;
}

/** The results as programs read them; accuracies from 0 to 1. */
export function summaryJson(results: readonly SeedResult[]): object {
  return {
    seeds: results.map(({ settings, ...result }) => ({
      seed: settings.task.seed,
      ...result,
      stepsPerSecond: result.lowerSteps / (result.bilevelMs / 1000),
    })),
    accuracy: accuracyRows(results).map(({ method, ours, paper }) => ({ method, ...meanAndDeviation(ours), paper })),
    auc: meanAndDeviation(results.map(({ detection }) => detection.auc)),
  };
}
