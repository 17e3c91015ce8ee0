import { BilevelError } from '../../../errors.js';
import { runningStatistics } from '../../../network/running-statistics.js';
import { cosine } from '../../../schedules/index.js';
import { minimize, type SavedState } from '../../../solvers/index.js';
import type { Resources, Rows, Run, Step } from '../../../study/index.js';
import type { RunFolder } from '../../../study/run-folder.js';
import type { Tensor } from '../../../tensor.js';
import { singleTrainingOf, type Training, trainingOf } from '../../training.js';
import type { DeepInputs } from './data.js';
import { type LearnerName, learners } from './learners.js';
import { deepProblem, jointProblem, judgeFeatures } from './problem.js';
import type { DeepSettings } from './settings.js';

/** A line of a run's metrics: an iteration, and where features were judged what they are worth. */
export interface DeepRow {
  readonly iteration: number;
  /** f on its way, or the joint cost. */
  readonly cost: number;
  readonly milliseconds: number;
  /** f(u, v*), and the share of test samples that is told right, in per cent. */
  readonly response?: number;
  readonly accuracy?: number;
}

/** One way to learn features. */
export class DeepRun implements Run<object> {
  readonly #settings: DeepSettings;
  readonly #inputs: DeepInputs;
  readonly #resources: Pick<Resources, 'device' | 'signal'>;
  readonly #training: Training;

  /** @throws INVALID_ARGUMENT when a method cannot solve the problem; STATE_MISMATCH for a state of another run */
  constructor(
    name: LearnerName,
    inputs: DeepInputs,
    settings: DeepSettings,
    { device, signal }: Pick<Resources, 'device' | 'signal'>,
    saved?: SavedState,
  ) {
    this.#settings = settings;
    this.#inputs = inputs;
    this.#resources = { device, signal };
    this.#training = this.#begin(name, saved);
  }

  #begin(name: LearnerName, saved: SavedState | undefined): Training {
    const { rate, iterations, lowerSteps, lowerRate, smoothing } = this.#settings;
    const { device } = this.#resources;
    const { method, options } = learners[name];
    const upperRate = cosine(rate, 0, iterations);
    if (method === undefined) {
      const problem = jointProblem(this.#inputs, this.#settings);
      return singleTrainingOf(minimize(problem, { steps: 1, learningRate: upperRate }, { device }), saved);
    }
    const given = {
      ...options,
      ...('smoothing' in method.options && { smoothing }),
      ...{ lowerSteps, lowerOptimizer: 'sgd', lowerLearningRate: lowerRate },
      ...{ upperOptimizer: 'adam', upperLearningRate: upperRate },
    };
    return trainingOf(method(deepProblem(this.#inputs, this.#settings), given, { device }), saved);
  }

  /** Features are judged before the first step, and so often after it. */
  async *steps(): AsyncGenerator<Step & { readonly row: DeepRow }, void, undefined> {
    const { iterations, measurements } = this.#settings;
    const training = this.#training;
    const every = Math.ceil(iterations / measurements);
    let told = '';
    while (training.iteration() < iterations) {
      const first = training.iteration() === 0 ? await this.#judge() : undefined;
      if (first !== undefined)
        yield this.#step({ iteration: 0, cost: first.response, milliseconds: 0, ...first }, told);
      const start = performance.now();
      const cost = await training.step(this.#resources.signal);
      const milliseconds = Number((performance.now() - start).toFixed(3));
      const iteration = training.iteration();
      const judged = iteration % every === 0 || iteration === iterations ? await this.#judge() : undefined;
      if (judged !== undefined) told = `, test ${judged.accuracy.toFixed(2)} %`;
      yield this.#step({ iteration, cost, milliseconds, ...judged }, told);
    }
  }

  #step(row: DeepRow, told: string): Step & { readonly row: DeepRow } {
    const { iteration, cost, response } = row;
    const detail = `cost ${cost.toPrecision(3)}${told}`;
    return { row, done: iteration, total: this.#settings.iterations, detail, keep: response !== undefined };
  }

  get #u(): Record<string, Tensor> {
    const shared = this.#training.shared();
    const names = Object.keys(this.#inputs.network.initialParameters());
    return Object.fromEntries(names.map((name) => [name, shared[name] as Tensor]));
  }

  async #judge(): Promise<{ readonly response: number; readonly accuracy: number }> {
    const { f, accuracy } = await judgeFeatures(this.#inputs, this.#u, this.#settings, this.#resources);
    return { response: f, accuracy: 100 * accuracy };
  }

  save(): SavedState {
    return this.#training.save();
  }

  /** Writes the network that gives the features. @throws ABORTED */
  async end(folder: Pick<RunFolder, 'networkPath'>): Promise<object> {
    const { network, upper } = this.#inputs;
    const u = this.#u;
    await network.save(folder.networkPath, {
      ...u,
      ...(await runningStatistics(network, upper.inputs, u, this.#resources)),
    });
    return {};
  }

  [Symbol.dispose](): void {
    this.#training.dispose();
  }
}

/** What features were worth, by iteration and by seconds of training without judging. */
export interface DeepPoint {
  readonly iteration: number;
  readonly seconds: number;
  readonly response: number;
  readonly accuracy: number;
}

/** @throws INVALID_FILE for lines of something else */
export function readPoints(title: string, rows: Rows): readonly DeepPoint[] {
  let seconds = 0;
  return rows.flatMap(({ iteration, milliseconds, response, accuracy }) => {
    if (typeof iteration !== 'number' || typeof milliseconds !== 'number') {
      throw new BilevelError('INVALID_FILE', `The metrics of ${title} have a line of something else.`);
    }
    seconds += milliseconds / 1e3;
    return typeof response === 'number' && typeof accuracy === 'number'
      ? [{ iteration, seconds, response, accuracy }]
      : [];
  });
}
