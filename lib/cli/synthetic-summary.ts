import { formatDuration, formatNumber } from '../report/format.js';
import {
  drawData,
  judge,
  mean,
  median,
  paperIterations,
  publishedSeconds,
  type RunResult,
  referenceOf,
  type SyntheticSettings,
  smallestEigenvalues,
  type Verdict,
} from '../tasks/synthetic/index.js';
import { formatTable } from './output.js';
import { style } from './print.js';

export interface SyntheticStudy {
  readonly settings: SyntheticSettings;
  readonly runs: readonly RunResult[];
  readonly folder: string;
}

export interface Table {
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
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
export function distanceTable({ settings, runs }: SyntheticStudy): Table {
  const checkpoints = checkpointsOf(settings);
  return {
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
export function explanation({ settings: { trials } }: SyntheticStudy): string {
  return (
    `Distances to the solution: means of ${trials} trials after the iterations named, and median and largest at the end; ` +
    'figure: read off figures 1 and 2 of Mehra and Hamm 2021 after 40,000 iterations; re-run: the same of an independent ' +
    `re-run of the authors' code. s/10k: 10,000 times the median iteration of all ${trials} trials at once; Table 4: the ` +
    "authors' seconds for 10,000 iterations of one trial."
  );
}

function verdictsOf({ settings, runs }: SyntheticStudy): Verdict[] {
  const data = drawData(settings);
  return judge(runs, (run) => smallestEigenvalues(run, data));
}

export function verdictTable(study: SyntheticStudy): Table {
  return {
    header: ['Problem', 'method', 'T', 'required', 'reached', ''],
    rows: verdictsOf(study).map(({ run, required, value, passed }) => [
      run.problem,
      run.method,
      String(run.lowerSteps),
      required,
      distance(value),
      passed === undefined ? 'not judged' : passed ? 'met' : 'missed',
    ]),
  };
}

/** The smallest non-zero eigenvalue of A'A, on which P4 depends: the penalty is bounded below from gamma = 1 / (2 m_min). */
export function eigenvalueText({ settings, runs }: SyntheticStudy): string {
  const [run] = runs;
  const values = run === undefined ? [] : smallestEigenvalues(run, drawData(settings)).toSorted((a, b) => a - b);
  const shown = values.map((value) => formatNumber(value)).join(', ');
  return `m_min, the smallest eigenvalue of A'A that is not 0: ${shown}`;
}

/** The results as people read them. */
export function summarize(study: SyntheticStudy): string {
  const { settings, runs, folder } = study;
  const alignments = ['left', 'left'] as const;
  const { header, rows } = distanceTable(study);
  const verdicts = verdictTable(study);
  const seconds = runs.reduce((sum, run) => sum + run.seconds, 0);
  const judged =
    verdicts.rows.length === 0
      ? `No run is judged: the criteria are for ${paperIterations.toLocaleString('en')} iterations of the paper's methods.`
      : formatTable(verdicts.header, verdicts.rows, ['left', 'left', 'right', 'left']);
  const line = (title: string, text: string): string => `${style('bold', title.padEnd(10))} ${text}`;
  return [
    '',
    formatTable(header, rows, alignments),
    style('dim', explanation(study)),
    '',
    judged,
    '',
    line('Matrices', eigenvalueText(study)),
    line('Time', `${formatDuration(seconds)} for ${runs.length} runs of ${settings.iterations} iterations`),
    line('Results', `${folder} (open report.html)`),
  ].join('\n');
}

/** A record for every run. */
export function runRows({ settings, runs }: SyntheticStudy): object[] {
  return runs.map((run) => ({
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
  }));
}

/** The results as programs read them. */
export function summaryJson(study: SyntheticStudy): object {
  const { settings, runs, folder } = study;
  return {
    settings,
    folder,
    runs: runRows(study),
    smallestEigenvalues: runs[0] === undefined ? [] : smallestEigenvalues(runs[0], drawData(settings)),
    acceptance: verdictsOf(study).map(({ run: { problem, method, lowerSteps }, ...verdict }) => ({
      problem,
      method,
      lowerSteps,
      ...verdict,
    })),
  };
}
