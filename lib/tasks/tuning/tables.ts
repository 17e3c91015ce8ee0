import { printable } from '../../printable.js';
import { formatNumber } from '../../report/format.js';
import type { Gallery } from '../../report/gallery.js';
import type { LineChart } from '../../report/line-chart.js';
import { meanAndDeviation, spread, type TextTable } from '../../report/tables.js';
import { type ApproachName, approaches } from './approaches.js';
import type { FoundValues } from './found.js';
import { isOfSteps } from './hyperparameters.js';
import type { TuningEnding, TuningRow } from './run.js';
import type { TuningStudySettings } from './settings.js';

/** What one seed of a way to tune has come to; no ending where it was given up. */
export interface Measured {
  readonly rows: readonly TuningRow[];
  readonly ending: TuningEnding | undefined;
}

/** The seeds of a way to tune. */
export interface RunResult {
  readonly method: ApproachName;
  readonly seeds: readonly (Measured & { readonly seed: number })[];
}

const endingsOf = ({ seeds }: RunResult): readonly TuningEnding[] => seeds.flatMap(({ ending }) => ending ?? []);

type Figure = 'response' | 'testLoss' | 'accuracy' | 'seconds';

/** A line for each way to tune. */
export function resultTable({ shared, seeds }: TuningStudySettings, runs: readonly RunResult[]): TextTable {
  const several = seeds.length > 1 ? `, mean ± standard deviation of ${seeds.length} seeds` : '';
  const rows = runs.map((run) => {
    const endings = endingsOf(run);
    const column = (key: Figure, digits: number): string =>
      endings.length === 0
        ? ''
        : spread(
            endings.map((each) => each[key]),
            digits,
          );
    const judged = run.seeds.reduce((sum, each) => sum + each.rows.length, 0) / run.seeds.length;
    return [
      approaches[run.method].title,
      endings.length === 0 ? 'ended' : column('response', 4),
      column('testLoss', 4),
      column('accuracy', 2),
      column('seconds', 1),
      judged.toFixed(0),
      approaches[run.method].note,
    ];
  });
  const { iterations, seconds, steps, tuned } = shared;
  const until = isOfSteps(tuned) ? `by ${steps} plain steps` : 'until the gradient of g vanishes';
  const budget =
    iterations > 0
      ? `${iterations} iterations of a method or trainings of a search`
      : `${seconds} s, trainings included`;
  return {
    title: `What networks do that are trained with what was found${several}`,
    header: ['Tuned by', 'f(u, v*)', 'test loss', 'test accuracy, %', 'found after, s', 'trainings', ''],
    alignments: ['left', 'right', 'right', 'right', 'right', 'right', 'left'],
    rows,
    note:
      `Each has ${budget}. f(u, v*) is what hyperparameters are chosen by: the validation loss of a network that is trained ` +
      `from its first parameters with them, ${until}, and what it costs that numbers of one kind differ. The test ` +
      'samples have no part in it.',
  };
}

/** The values that were found by the first seed. */
export function valuesTable({ shared }: TuningStudySettings, runs: readonly RunResult[]): TextTable {
  const text = ({ least, median, largest, byName }: FoundValues): string => {
    if (least === largest) return formatNumber(median);
    if (byName === undefined)
      return `${formatNumber(least)} to ${formatNumber(largest)}, median ${formatNumber(median)}`;
    return Object.entries(byName)
      .map(([name, number]) => `${name} ${formatNumber(number)}`)
      .join(', ');
  };
  return {
    title: 'Hyperparameters found, of the first seed',
    header: ['Tuned by', ...shared.tuned],
    alignments: ['left', ...shared.tuned.map(() => 'left' as const)],
    rows: runs.flatMap(({ method, seeds: [first] }) => {
      const values = first?.ending?.values;
      if (values === undefined) return [];
      return [[approaches[method].title, ...shared.tuned.map((name) => (values[name] ? text(values[name]) : ''))]];
    }),
    note: 'values.json in the folder of each run has every number.',
  };
}

/** The inputs whose weights are held back least and most, of the first seed, where inputs have names: no pixels. */
export function inputsTable(runs: readonly RunResult[]): TextTable[] {
  const rows = runs.flatMap(({ method, seeds: [first] }) => {
    const ends = first?.ending?.values['feature-l2']?.ends;
    if (ends === undefined || first?.ending?.image !== undefined) return [];
    return [[approaches[method].title, ends.least.map(printable).join(', '), ends.largest.map(printable).join(', ')]];
  });
  if (rows.length === 0) return [];
  return [
    {
      title: 'Inputs by their weight decay, of the first seed',
      header: ['Tuned by', 'least', 'most'],
      alignments: ['left', 'left', 'left'],
      rows,
      note: 'The weights of inputs with little decay are free; those of inputs with much are held back. The first of each is the outermost.',
    },
  ];
}

const inTime = [
  ['best', 'What is found in time', 'lowest f(u, v*) so far'],
  ['testLoss', 'The test loss with it', 'test loss'],
  ['accuracy', 'The test accuracy with it', 'test accuracy, %'],
] as const;

/**
 * The lowest f(u, v*) so far over seconds, and how the network that was trained for it does on the test samples: of the
 * first seed, as seeds are judged at different times.
 */
export function chartsInTime(runs: readonly RunResult[]): LineChart[] {
  const series = (key: (typeof inTime)[number][0]) =>
    runs.flatMap(({ method, seeds: [first] }) => {
      const rows = first?.rows ?? [];
      if (rows.length < 2) return [];
      return [{ name: approaches[method].title, points: rows.map((row) => ({ x: row.seconds, y: row[key] })) }];
    });
  return inTime.map(([key, title, yLabel]) => ({
    title,
    xLabel: 'seconds, trainings included',
    yLabel,
    yScale: 'linear',
    series: series(key),
  }));
}

/** Decay of every pixel, of the first seed. */
export function decayGallery(runs: readonly RunResult[]): Gallery[] {
  const pictures = runs.flatMap(({ method, seeds: [first] }) => {
    const image = first?.ending?.image;
    return image === undefined ? [] : [{ images: [image], caption: approaches[method].title }];
  });
  if (pictures.length === 0) return [];
  const note = 'Bright pixels are those whose weights are kept small; black ones are free.';
  return [{ title: 'Weight decay of every pixel', note, pictures }];
}

/** The results as programs read them. */
export function resultsJson({ shared, seeds }: TuningStudySettings, runs: readonly RunResult[]): object {
  return {
    tuned: shared.tuned,
    seeds,
    runs: runs.map((run) => {
      const endings = endingsOf(run);
      const of = (key: Figure) => meanAndDeviation(endings.map((each) => each[key]));
      return {
        method: run.method,
        title: approaches[run.method].title,
        response: of('response'),
        testLoss: of('testLoss'),
        accuracy: of('accuracy'),
        seconds: of('seconds'),
        values: run.seeds[0]?.ending?.values ?? {},
        curve: (run.seeds[0]?.rows ?? []).map(({ seconds, best, testLoss, accuracy }) => ({
          seconds,
          response: best,
          testLoss,
          accuracy,
        })),
        ended: run.seeds.length - endings.length,
      };
    }),
  };
}
