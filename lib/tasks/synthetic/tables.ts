import { mean, median } from '../../numbers.js';
import { formatNumber } from '../../report/format.js';
import type { TextTable } from '../../report/tables.js';
import { judge, type Verdict } from './acceptance.js';
import { drawData } from './data.js';
import { publishedSeconds, referenceOf } from './reference.js';
import { type RunResult, smallestEigenvalues } from './run.js';
import type { SyntheticSettings } from './settings.js';

/** What a study gave. */
export interface Runs {
  readonly settings: SyntheticSettings;
  readonly runs: readonly RunResult[];
}

/** A quarter, a half and all of the iterations: of the paper's 40,000 they are those that the re-run tells of. */
export function checkpointsOf({ iterations }: SyntheticSettings): number[] {
  return [...new Set([4, 2, 1].map((part) => Math.ceil(iterations / part)))];
}

/** Distances of all trials at the last record that is not after `iteration`. */
export function distancesAt({ iterations, distances }: RunResult, iteration: number): readonly number[] {
  return distances[iterations.findLastIndex((recorded) => recorded <= iteration)] ?? [];
}

/** Seconds that 10,000 iterations of all trials take when all are like the median one. */
export const secondsPer10k = ({ medianMilliseconds }: RunResult): number => (1e4 * medianMilliseconds) / 1e3;

const distance = (value: number | undefined): string => (value === undefined ? '' : formatNumber(value));

/** Distances and times of all runs beside the published ones. */
export function distanceTable({ settings, runs }: Runs): TextTable {
  const checkpoints = checkpointsOf(settings);
  return {
    title: 'Distances and times',
    alignments: ['left', 'left'],
    note: explanation(settings),
    header: [
      'Problem',
      'method',
      'T',
      ...checkpoints.map((iteration) => iteration.toLocaleString('en')),
      'median',
      'largest',
      'figure',
      're-run',
      's/10k',
      'Table 4',
      'ratio',
    ],
    rows: runs.map((run) => {
      const { figure, figureNote, rerun } = referenceOf(run, settings);
      const last = distancesAt(run, settings.iterations);
      const published = publishedSeconds(run);
      return [
        run.problem,
        run.method,
        String(run.lowerSteps),
        ...checkpoints.map((iteration) => distance(mean(distancesAt(run, iteration)))),
        distance(median(last)),
        distance(Math.max(...last)),
        figureNote ?? distance(figure),
        distance(rerun?.[2]),
        secondsPer10k(run).toFixed(2),
        published?.toFixed(1) ?? '',
        published === undefined ? '' : `${Math.round(published / secondsPer10k(run))} ×`,
      ];
    }),
  };
}

/** What the columns of the table of distances mean. */
function explanation({ trials }: SyntheticSettings): string {
  return (
    `Distances to the solution: means of ${trials} trials after the iterations named, and median and largest at the end; ` +
    'figure: read off figures 1 and 2 of Mehra and Hamm 2021 after 40,000 iterations; re-run: the same of an independent ' +
    `re-run of the authors' code. s/10k: 10,000 times the median iteration of all ${trials} trials at once; Table 4: the ` +
    "authors' seconds for 10,000 iterations of one trial."
  );
}

function verdictsOf({ settings, runs }: Runs): Verdict[] {
  const data = drawData(settings);
  return judge(runs, (run) => smallestEigenvalues(run, data));
}

/** Which runs have met their criteria; no table without a run that there is one for. */
export function verdictTables(study: Runs): TextTable[] {
  const verdicts = verdictsOf(study);
  if (verdicts.length === 0) return [];
  return [
    {
      title: 'What was to be reached',
      header: ['Problem', 'method', 'T', 'required', 'reached', ''],
      alignments: ['left', 'left', 'right', 'left'],
      rows: verdicts.map(({ run, required, value, passed }) => [
        run.problem,
        run.method,
        String(run.lowerSteps),
        required,
        distance(value),
        passed === undefined ? 'not judged' : passed ? 'met' : 'missed',
      ]),
    },
  ];
}

/**
 * The smallest non-zero eigenvalue of A'A, on which P4 depends: the penalty is bounded below from gamma = 1 / (2
 * m_min).
 */
export function eigenvalueText({ settings, runs }: Runs): string {
  const [run] = runs;
  const values = run === undefined ? [] : smallestEigenvalues(run, drawData(settings)).toSorted((a, b) => a - b);
  const shown = values.map((value) => formatNumber(value)).join(', ');
  return `m_min, the smallest eigenvalue of A'A that is not 0: ${shown}`;
}

/** Seconds with the most lower steps, and how many times longer the published ones are, for each problem and method. */
export function timesTable({ settings, runs }: Runs): TextTable {
  const most = Math.max(...runs.map(({ lowerSteps }) => lowerSteps));
  const shown = runs.filter(({ lowerSteps }) => lowerSteps === most);
  const methods = [...new Set(shown.map(({ method }) => method))];
  const problems = [...new Set(shown.map(({ problem }) => problem))];
  return {
    title: `Seconds for 10,000 iterations with T = ${most}`,
    header: ['Problem', ...methods],
    rows: problems.map((problem) => [
      problem,
      ...methods.map((method) => {
        const run = shown.find((each) => each.problem === problem && each.method === method);
        if (run === undefined) return '';
        const published = publishedSeconds(run);
        const ratio = published === undefined ? '' : `, ${Math.round(published / secondsPer10k(run))} ×`;
        return `${secondsPer10k(run).toFixed(2)}${ratio}`;
      }),
    ]),
    note: `Of all ${settings.trials} trials at once, and how many times longer those of Table 4 are, of one trial.`,
  };
}

/** The results as programs read them. */
export function resultsJson({ settings, runs }: Runs): object {
  return {
    settings,
    runs: runs.map((run) => ({
      problem: run.problem,
      method: run.method,
      lowerSteps: run.lowerSteps,
      distances: checkpointsOf(settings).map((iteration) => {
        const values = distancesAt(run, iteration);
        return { iteration, mean: mean(values), median: median(values), largest: Math.max(...values) };
      }),
      gamma: run.gamma,
      seconds: run.seconds,
      secondsPer10000: secondsPer10k(run),
      published: { ...referenceOf(run, settings), secondsPer10000: publishedSeconds(run) },
    })),
    smallestEigenvalues: runs[0] === undefined ? [] : smallestEigenvalues(runs[0], drawData(settings)),
    acceptance: verdictsOf({ settings, runs }).map(({ run: { problem, method, lowerSteps }, ...verdict }) => ({
      problem,
      method,
      lowerSteps,
      ...verdict,
    })),
  };
}
