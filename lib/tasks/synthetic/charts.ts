import { mean } from '../../numbers.js';
import type { LineChart, Point } from '../../report/line-chart.js';
import type { Picture } from '../../study/index.js';
import type { RunResult } from './run.js';

/**
 * For every problem a chart for each number of lower steps, with a curve for each method: the mean and, faintly, the
 * trials.
 */
export function chartsOf(runs: readonly RunResult[]): Record<string, Picture> {
  const problems = [...new Set(runs.map(({ problem }) => problem))];
  return Object.fromEntries(
    problems.map((problem) => [
      problem,
      {
        charts: chartsOfProblem(
          problem,
          runs.filter((run) => run.problem === problem),
        ),
        columns: 3,
      },
    ]),
  );
}

function chartsOfProblem(problem: string, runs: readonly RunResult[]): LineChart[] {
  const methods = [...new Set(runs.map(({ method }) => method))];
  return [...new Set(runs.map(({ lowerSteps }) => lowerSteps))].map((lowerSteps) => ({
    title: `${problem}, T = ${lowerSteps}`,
    xLabel: 'iterations',
    yLabel: 'distance to the solution',
    yScale: 'log',
    // A method that was not run with this T keeps its place, and the others their colours.
    series: methods.map((method) => {
      const run = runs.find((each) => each.method === method && each.lowerSteps === lowerSteps);
      return { name: method, points: run ? curveOf(run, mean) : [], runs: run ? trialsOf(run) : [] };
    }),
  }));
}

function curveOf({ iterations, distances }: RunResult, of: (values: readonly number[]) => number): Point[] {
  return iterations.map((x, record) => ({ x, y: of(distances[record] ?? []) }));
}

function trialsOf(run: RunResult): Point[][] {
  return (run.distances[0] ?? []).map((_, trial) => curveOf(run, (values) => values[trial] ?? Number.NaN));
}
