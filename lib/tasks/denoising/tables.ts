import { formatDuration } from '../../report/format.js';
import { type MethodResult, meanAndDeviation, type ResultTable, spread } from '../../report/tables.js';
import type { Fact } from '../../study/index.js';
import type { Ending } from './ending.js';
import { publishedAccuracies } from './published.js';
import type { DenoisingSettings } from './settings.js';

/** What one seed gave. */
export interface SeedResult extends Ending {
  readonly settings: DenoisingSettings;
  readonly folder: string;
  /** Wall time of the bilevel iterations, those before an interruption included. */
  readonly bilevelMs: number;
  /** Wall time of everything. */
  readonly wallMs: number;
}

/** One line per method: our accuracies in per cent, one per seed, beside the published one. */
export function accuracyTable(results: readonly SeedResult[]): ResultTable {
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
  const methods = [
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
  return { measure: 'test accuracy in %', methods };
}

/** What is told of all seeds. */
export function factsOf(results: readonly SeedResult[]): Fact[] {
  const of = (value: (result: SeedResult) => number): number[] => results.map(value);
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
  const seconds = of(({ bilevelMs }) => bilevelMs / 1000).reduce((sum, each) => sum + each, 0);
  const steps = of(({ lowerSteps }) => lowerSteps).reduce((sum, each) => sum + each, 0);
  const speed = `${Math.round(steps / seconds)} per second`;
  return [
    { label: 'Wrong labels', text: `AUC ${auc}   precision ${precision} %   recall ${recall} %   (weight below 0.5)` },
    { label: 'Trusted', text: `${trusted} samples for retraining` },
    { label: 'Speed', text: `${formatDuration(seconds)} for ${steps} steps of v, ${speed}` },
  ];
}

/** The results as programs read them; accuracies from 0 to 1. */
export function resultsJson(results: readonly SeedResult[]): object {
  return {
    seeds: results.map(({ settings, ...result }) => ({
      seed: settings.task.seed,
      ...result,
      stepsPerSecond: result.lowerSteps / (result.bilevelMs / 1000),
    })),
    accuracy: accuracyTable(results).methods.map(({ method, ours, paper }) => ({
      method,
      ...meanAndDeviation(ours),
      paper,
    })),
    auc: meanAndDeviation(results.map(({ detection }) => detection.auc)),
  };
}
