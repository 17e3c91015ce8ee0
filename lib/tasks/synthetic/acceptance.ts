import { mean, median } from '../../numbers.js';
import type { ProblemName } from './problems.js';
import { paperIterations } from './reference.js';
import type { RunResult } from './run.js';

/** What a run with the paper's settings must come to. */
interface Criterion {
  readonly problem: ProblemName;
  readonly method: string;
  readonly lowerSteps: readonly number[];
  readonly statistic: 'mean' | 'median';
  readonly above?: number;
  readonly below: number;
  /** Counts only trials whose matrices A'A have no eigenvalue between 0 and this. */
  readonly eigenvaluesFrom?: number;
}

/**
 * Bounds on the distance after 40,000 iterations that leave room for other random starts and matrices. The first steps
 * of gradient descent and its end in a corner of the box are known exactly.
 */
const criteria: readonly Criterion[] = [
  { problem: 'P1', method: 'penalty', lowerSteps: [1], statistic: 'mean', above: 2, below: 4 },
  { problem: 'P1', method: 'penalty', lowerSteps: [5], statistic: 'mean', below: 0.05 },
  { problem: 'P1', method: 'penalty', lowerSteps: [10], statistic: 'mean', below: 0.02 },
  { problem: 'P2', method: 'penalty', lowerSteps: [1], statistic: 'mean', above: 1.5, below: 4 },
  { problem: 'P2', method: 'penalty', lowerSteps: [5], statistic: 'mean', below: 0.1 },
  { problem: 'P2', method: 'penalty', lowerSteps: [10], statistic: 'mean', below: 0.05 },
  { problem: 'P3', method: 'penalty', lowerSteps: [5], statistic: 'median', below: 0.1 },
  { problem: 'P4', method: 'penalty', lowerSteps: [5, 10], statistic: 'median', below: 0.15, eigenvaluesFrom: 0.5 },
  { problem: 'P1', method: 'gd', lowerSteps: [5, 10], statistic: 'mean', above: 3.1523, below: 3.1723 },
  { problem: 'P2', method: 'gd', lowerSteps: [10], statistic: 'mean', above: 31.57, below: 31.67 },
  { problem: 'P1', method: 'rmd', lowerSteps: [1, 5, 10], statistic: 'mean', above: 3.1, below: 3.2 },
];

export interface Verdict {
  readonly run: RunResult;
  /** What is required: `mean in [2, 4]`. */
  readonly required: string;
  /** NaN when no trial counts. */
  readonly value: number;
  /** Undefined when no trial counts. */
  readonly passed: boolean | undefined;
}

/**
 * Judges the runs that there is a criterion for, after 40,000 iterations.
 * @param eigenvaluesOf smallest eigenvalue of A'A that is not 0, for every matrix of a run's problem
 */
export function judge(runs: readonly RunResult[], eigenvaluesOf: (run: RunResult) => readonly number[]): Verdict[] {
  return runs.flatMap((run) =>
    criteria
      .filter(
        ({ problem, method, lowerSteps }) =>
          problem === run.problem && method === run.method && lowerSteps.includes(run.lowerSteps),
      )
      .flatMap((criterion) => {
        const record = run.iterations.indexOf(paperIterations);
        return record < 0 ? [] : [verdict(criterion, run, run.distances[record] ?? [], eigenvaluesOf(run))];
      }),
  );
}

function verdict(
  { statistic, above, below, eigenvaluesFrom = 0 }: Criterion,
  run: RunResult,
  distances: readonly number[],
  eigenvalues: readonly number[],
): Verdict {
  const counted = distances.filter((_, trial) => Number(eigenvalues[trial] ?? eigenvalues[0]) >= eigenvaluesFrom);
  const value = { mean, median }[statistic](counted);
  const range = above === undefined ? `< ${below}` : `in [${above}, ${below}]`;
  const condition = eigenvaluesFrom === 0 ? '' : ` where m_min ≥ ${eigenvaluesFrom}`;
  const passed = counted.length === 0 ? undefined : value < below && value >= (above ?? 0);
  return { run, required: `${statistic} ${range}${condition}`, value, passed };
}
