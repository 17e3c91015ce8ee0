import { formatFixed, formatNumber } from '../../report/format.js';
import type { Gallery } from '../../report/gallery.js';
import type { LineChart } from '../../report/line-chart.js';
import { meanAndDeviation, spread, type TextTable } from '../../report/tables.js';
import { findMethod } from '../../solvers/index.js';
import { type PoisonerName, poisoners } from './methods.js';
import { type Known, publishedFigure } from './published.js';
import type { PoisoningEnding, PoisoningRow, PoisonPoint } from './run.js';
import type { PoisoningRunSettings, PoisoningStudySettings } from './settings.js';

/** What one seed of a run gave; no ending where the method was given up. */
export interface Measured {
  readonly rows: readonly PoisoningRow[];
  readonly ending: PoisoningEnding | undefined;
}

/** The seeds of a run. */
export interface RunResult extends PoisoningRunSettings {
  readonly title: string;
  readonly seeds: readonly (Measured & { readonly seed: number })[];
}

const endingsOf = ({ seeds }: RunResult): readonly PoisoningEnding[] => seeds.flatMap(({ ending }) => ending ?? []);

/** The quantity that Table 5 has for the attack. */
const quantityOf = ({ problem: { attack, from, to } }: PoisoningStudySettings) =>
  attack === 'untargeted'
    ? { key: 'accuracy' as const, head: 'test accuracy, %' }
    : { key: 'success' as const, head: `${from} taken for ${to}, %` };

const publishedOf = ({ problem }: PoisoningStudySettings, { name, points }: PoisoningRunSettings): Known | undefined =>
  publishedFigure(problem, name, points);

/** A published figure as tables have it. */
export const knownText = (known: Known | undefined): string => {
  if (known === undefined) return '';
  const [center, deviation] = known;
  return deviation === undefined ? center.toFixed(0) : `${center.toFixed(2)} ± ${deviation.toFixed(2)}`;
};

/**
 * f where the method stands and f(u, v*) at the last iteration that was judged; undefined for those that have no
 * iterations.
 */
export function lastJudged({ rows }: Measured): { readonly f: number; readonly response: number } | undefined {
  const row = rows.findLast(({ response }) => response !== undefined);
  return row?.response === undefined ? undefined : { f: row.f, response: row.response };
}

/**
 * Whether most of what f has gained is not the poison's: v, which descends f as well, has left the lower level. With
 * other methods v only lags behind.
 */
export function hasRunAway(name: PoisonerName, measured: Measured): boolean {
  const last = lastJudged(measured);
  if (last === undefined || measured.ending === undefined || !findMethod(name).lowerDescendsUpper) return false;
  const { first } = measured.ending;
  return first - last.f > 2 * Math.max(0, first - last.response);
}

/** A line for each way to poison, beside the published figure. */
export function poisoningTable(settings: PoisoningStudySettings, runs: readonly RunResult[]): TextTable {
  const { key, head } = quantityOf(settings);
  const targeted = settings.problem.attack === 'targeted';
  const several = settings.seeds.length > 1 ? `, mean ± standard deviation of ${settings.seeds.length} seeds` : '';
  return {
    title: `What networks do that are trained on the poison${several}`,
    header: [
      'Poison',
      'points',
      head,
      'paper, %',
      ...(targeted ? ['test accuracy, %'] : []),
      'f(u, v*)',
      'f of the method',
      '',
    ],
    alignments: [
      'left',
      'right',
      'right',
      'right',
      ...(targeted ? (['right'] as const) : []),
      'right',
      'right',
      'left',
    ],
    rows: runs.map((run) => {
      const endings = endingsOf(run);
      const column = (values: readonly number[], digits: number): string =>
        values.length === 0 ? '' : spread(values, digits);
      const own = run.seeds.flatMap((seed) => lastJudged(seed)?.f ?? []);
      return [
        run.title,
        run.name === 'none' ? '0' : String(run.points),
        endings.length === 0
          ? 'ended'
          : column(
              endings.map((each) => each[key]),
              2,
            ),
        knownText(publishedOf(settings, run)),
        ...(targeted
          ? [
              column(
                endings.map(({ accuracy }) => accuracy),
                2,
              ),
            ]
          : []),
        column(
          endings.map(({ response }) => response),
          3,
        ),
        column(own, 3),
        run.seeds.some((seed) => hasRunAway(run.name, seed)) ? 'v has run away' : poisoners[run.name].note,
      ];
    }),
    note:
      `Networks are trained from their first parameters on the clean and the poison points until grad_v g vanishes. ` +
      'f(u, v*) is the cost of the attack at such a network, on the validation points; the points with the lowest are kept. f of the ' +
      'method is that where its own v stands in the end: lower than the poison deserves where v descends f, too.',
  };
}

/** A sentence on how far points moved the model at most, and as many wrong labels; none where no points were chosen. */
export function reaches(settings: PoisoningStudySettings, runs: readonly RunResult[]): string[] {
  const { key } = quantityOf(settings);
  const meanOf = (run: RunResult): number => meanAndDeviation(endingsOf(run).map((each) => each[key])).mean;
  const textOf = (run: RunResult): string => `${meanOf(run).toFixed(2)} %`;
  const ended = runs.filter((run) => endingsOf(run).length > 0);
  const clean = ended.find(({ name }) => name === 'none');
  if (clean === undefined) return [];
  const what =
    key === 'accuracy' ? 'the test accuracy' : `the share of ${settings.problem.from} taken for ${settings.problem.to}`;
  return [...new Set(ended.map(({ points }) => points))].flatMap((count) => {
    const own = ended.filter(({ name, points }) => points === count && name !== 'none' && name !== 'labelFlip');
    const [worst] = own.toSorted((a, b) => (key === 'accuracy' ? 1 : -1) * (meanOf(a) - meanOf(b)));
    const flips = ended.find(({ name, points }) => points === count && name === 'labelFlip');
    if (worst === undefined) return [];
    const beside = flips === undefined ? '' : `; as many wrong labels to ${textOf(flips)}`;
    return [
      `${count} ${count === 1 ? 'point' : 'points'} chosen to harm, by ${worst.title}, ${count === 1 ? 'takes' : 'take'} ${what} from ${textOf(clean)} to ${textOf(worst)}${beside}.`,
    ];
  });
}

/** Sentences on methods whose v has left the lower level. */
export function runAways(runs: readonly RunResult[]): string[] {
  return runs.flatMap(({ name, title, points, seeds }) =>
    seeds
      .filter((seed) => hasRunAway(name, seed))
      .map((measured) => {
        const { f = Number.NaN, response = Number.NaN } = lastJudged(measured) ?? {};
        return (
          `${title}, ${points} points, seed ${measured.seed}: v has left the solutions of the lower level and runs along f, which is ` +
          `${formatNumber(f)} where v stands and ${formatNumber(response)} at v*. Give larger gamma and lambda, or more lower steps.`
        );
      }),
  );
}

/** f(u, v*) over the iterations, of the first seed. */
export function responseCharts(runs: readonly RunResult[]): LineChart[] {
  const counts = [...new Set(runs.map(({ points }) => points))];
  return counts.flatMap((count) => {
    const series = runs
      .filter(({ points }) => points === count)
      .flatMap(({ title, seeds: [first] }) => {
        const points = (first?.rows ?? []).flatMap(({ iteration, response }) =>
          response === undefined ? [] : [{ x: iteration, y: response }],
        );
        return points.length === 0 ? [] : [{ name: title, points }];
      });
    if (series.length === 0) return [];
    return [
      {
        title: `Cost of the attack, ${count} poison points`,
        xLabel: 'steps of the poison points',
        yLabel: 'f(u, v*)',
        yScale: 'linear' as const,
        series,
      },
    ];
  });
}

/** The points of the first seed, of the most points. */
function shownPoints(
  runs: readonly RunResult[],
): { readonly run: RunResult; readonly points: readonly PoisonPoint[] }[] {
  const most = runs.reduce((all, { points }) => Math.max(all, points), 0);
  return runs.flatMap((run) => {
    const points = run.points === most ? (run.seeds[0]?.ending?.points ?? []) : [];
    return points.length === 0 ? [] : [{ run, points }];
  });
}

const isAudited = (points: readonly PoisonPoint[]): boolean => points[0]?.harm !== undefined;

const whichOf = (points: readonly PoisonPoint[], all: number): string =>
  `The ${isAudited(points) ? 'most harmful' : 'first'} ${points.length} of ${all} points`;

export function poisonGalleries(runs: readonly RunResult[]): Gallery[] {
  return shownPoints(runs).flatMap(({ run: { title, points: all }, points }) => {
    const pictures = points.flatMap(({ images, label, trueLabel, harm }) =>
      images === undefined
        ? []
        : [
            {
              images,
              caption: `a ${trueLabel}, labelled ${label}${harm === undefined ? '' : `: ${formatFixed(harm, 4)}`}`,
            },
          ],
    );
    if (pictures.length === 0) return [];
    const numbers = isAudited(points) ? ' The number is what f(u, v*) rises by without the point.' : '';
    return [
      {
        title: `Poison of ${title}`,
        note: `${whichOf(points, all)}: where they started, and what became of them. Labels stay as they are.${numbers}`,
        pictures,
      },
    ];
  });
}

/** What single points do, and which of their inputs were changed. */
export function harmTables(runs: readonly RunResult[]): TextTable[] {
  return shownPoints(runs)
    .filter(({ points }) => isAudited(points))
    .map(({ run: { title, points: all }, points }) => ({
      title: `Points of ${title}`,
      header: ['f(u, v*) rises by', 'class', 'labelled', 'changed most'],
      alignments: ['right', 'left', 'left', 'left'],
      rows: points.map(({ harm = Number.NaN, trueLabel, label, changes = [] }) => [
        formatFixed(harm, 4),
        trueLabel,
        label,
        changes.join('; '),
      ]),
      note: `${whichOf(points, all)}, by what becomes of the attack when a network is trained without one of them.`,
    }));
}

/** The results as programs read them; accuracy and success in per cent. */
export function resultsJson(settings: PoisoningStudySettings, runs: readonly RunResult[]): object {
  const { attack } = settings.problem;
  return {
    attack,
    seeds: settings.seeds,
    runs: runs.map((run) => {
      const endings = endingsOf(run);
      const of = (key: 'accuracy' | 'success' | 'response') => meanAndDeviation(endings.map((each) => each[key]));
      const [paper] = publishedOf(settings, run) ?? [];
      return {
        method: run.name,
        title: run.title,
        points: run.name === 'none' ? 0 : run.points,
        accuracy: of('accuracy'),
        ...(attack === 'targeted' && { success: of('success') }),
        response: of('response'),
        ...(paper !== undefined && { paper }),
        ranAway: run.seeds.filter((seed) => hasRunAway(run.name, seed)).length,
        ended: run.seeds.length - endings.length,
        ...harmsJson(endings[0]),
      };
    }),
  };
}

/** Points of an audit. */
function harmsJson(ending: PoisoningEnding | undefined): object {
  const points = ending?.points ?? [];
  if (!isAudited(points)) return {};
  return { harmful: points.map(({ harm, label, trueLabel, changes }) => ({ harm, trueLabel, label, changes })) };
}

export const titleOf = (name: PoisonerName): string => poisoners[name].title;
