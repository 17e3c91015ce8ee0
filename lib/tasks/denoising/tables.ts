import { formatDuration } from '../../report/format.js';
import { meanAndDeviation, spread, type TextTable } from '../../report/tables.js';
import type { Fact } from '../../study/index.js';
import { baselines } from './baselines/index.js';
import type { Ending } from './form.js';
import { formMethods } from './form-methods.js';
import type { Judgement } from './judgement.js';
import { publishedAccuracies } from './published.js';
import type { DenoisingSettings } from './settings.js';
import { warningsOf } from './warnings.js';

/** What one seed gave. */
export interface SeedResult extends Omit<Ending, 'methods'> {
  readonly settings: DenoisingSettings;
  readonly folder: string;
  /** How each method did, by name: the baselines that were asked for and the ending's own. */
  readonly methods: Readonly<Record<string, Judgement>>;
  /** Wall time of the bilevel iterations, those before an interruption included. */
  readonly bilevelMs: number;
  /** Wall time of everything. */
  readonly wallMs: number;
}

interface Method {
  readonly name: string;
  readonly title: string;
  readonly note: string;
}

/** All methods in the order of tables, the oracle last. */
const methods: readonly Method[] = [
  ...baselines.slice(0, -1),
  ...Object.entries(formMethods).flatMap(([name, { title, retrained }]) => [
    { name, title, note: "the paper's form: the lower-level network" },
    { name: retrained, title: `${title}, retrained`, note: 'on trusted and validation samples' },
  ]),
  { name: 'crossFitted', title: 'Cross-fitted', note: 'ours: noise model, weight decay by a bilevel problem' },
  ...baselines.slice(-1),
];

/** The methods that were done, with the judgements of all seeds and the published accuracy, if there is one. */
function judged(results: readonly SeedResult[]) {
  const [first] = results;
  const published: Partial<Record<string, number>> = (first && publishedAccuracies(first.settings)?.accuracies) ?? {};
  return methods
    .map(({ name, ...method }) => ({
      name,
      ...method,
      all: results.flatMap((result) => result.methods[name] ?? []),
      paper: published[name],
    }))
    .filter(({ all }) => all.length > 0);
}

/**
 * A line for each method: how it finds wrong labels, and the test accuracy of its network, beside the published one.
 */
export function methodTable(results: readonly SeedResult[]): TextTable {
  const lines = judged(results);
  const compared = lines.some(({ paper }) => paper !== undefined);
  const responded = lines.some(({ all }) => all.some(({ response }) => response !== undefined));
  const seeds = results.length > 1 ? `, mean ± standard deviation of ${results.length} seeds` : '';
  return {
    title: `Wrong labels found, and test accuracy${seeds}`,
    header: [
      'Method',
      'AUC',
      'accuracy, %',
      ...(compared ? ['paper, %'] : []),
      'precision, %',
      'recall, %',
      ...(responded ? ['f(u, v*)'] : []),
      '',
    ],
    rows: lines.map(({ title, note, all, paper }) => {
      const column = (key: keyof Judgement, digits: number): string =>
        spread(
          all.map((each) => each[key] ?? Number.NaN),
          digits,
        );
      return [
        title,
        column('auc', 3),
        column('accuracy', 2),
        ...(compared ? [paper?.toFixed(2) ?? ''] : []),
        column('precision', 1),
        column('recall', 1),
        ...(responded ? [all.every(({ response }) => response === undefined) ? '' : column('response', 4)] : []),
        note,
      ];
    }),
    alignments: [
      'left',
      'right',
      'right',
      ...(compared ? (['right'] as const) : []),
      'right',
      'right',
      ...(responded ? (['right'] as const) : []),
      'left',
    ],
    note:
      'AUC: the probability that a wrong label is trusted less than a right one. Precision and recall are of the labels taken for ' +
      'wrong. Accuracies are on the test set.' +
      (responded
        ? " f(u, v*): the upper cost of networks trained anew on the lower one alone; the paper's form judges by the validation " +
          'samples, ours by left-out parts of all, as far as labels are trusted.'
        : ''),
  };
}

/** What is told of all seeds. */
export function factsOf(results: readonly SeedResult[]): Fact[] {
  const of = (value: (result: SeedResult) => number | undefined): number[] =>
    results.map(value).filter((each) => each !== undefined);
  const facts: Fact[] = results.flatMap((result) => warningsOf(result)).map((text) => ({ label: 'Warning', text }));
  const rates = of(({ noise }) => noise && 100 * noise.rate);
  if (rates.length > 0) {
    const shares = (['symmetric', 'table', 'confusions'] as const).map((mechanism) => {
      const values = of(({ noise }) => noise && 100 * noise.shares[mechanism]);
      return `${spread(values, 0)} % ${{ symmetric: 'to any class', table: 'by class', confusions: 'to what looks alike' }[mechanism]}`;
    });
    facts.push({
      label: 'Noise',
      text: `${spread(rates, 1)} % of the labels seem wrong; of these ${shares.join(', ')}`,
    });
  }
  const trusted = of((result) => result.trusted);
  if (trusted.length > 0) facts.push({ label: 'Trusted', text: `${spread(trusted, 0)} samples for retraining` });
  const steps = of(({ lowerSteps }) => lowerSteps).reduce((sum, each) => sum + each, 0);
  if (steps > 0) {
    const seconds = of(({ bilevelMs }) => bilevelMs / 1000).reduce((sum, each) => sum + each, 0);
    const speed = `${Math.round(steps / seconds)} per second`;
    facts.push({ label: 'Speed', text: `${formatDuration(seconds)} for ${steps} steps of v, ${speed}` });
  }
  return facts;
}

/** The results as programs read them; accuracies, precision and recall in per cent. */
export function resultsJson(results: readonly SeedResult[]): object {
  return {
    seeds: results.map(({ settings, bilevelMs, wallMs, ...result }) => ({
      seed: settings.task.seed,
      ...result,
      warnings: warningsOf({ settings, ...result }),
      seconds: wallMs / 1000,
      ...(result.lowerSteps !== undefined && {
        iterationSeconds: bilevelMs / 1000,
        stepsPerSecond: result.lowerSteps / (bilevelMs / 1000),
      }),
    })),
    methods: judged(results).map(({ name, title, all, paper }) => ({
      name,
      title,
      ...Object.fromEntries(
        (['accuracy', 'auc', 'precision', 'recall'] as const).map((key) => [
          key,
          meanAndDeviation(all.map((each) => each[key])),
        ]),
      ),
      ...(all.every(({ response }) => response !== undefined) && {
        response: meanAndDeviation(all.map(({ response }) => response ?? Number.NaN)),
      }),
      ...(paper !== undefined && { paper }),
    })),
  };
}
