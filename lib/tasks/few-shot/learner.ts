import type { Device } from '../../engine/index.js';
import { runningStatistics } from '../../network/running-statistics.js';
import type { Network } from '../../onnx/index.js';
import { cosine } from '../../schedules/index.js';
import { minimize, type SavedState } from '../../solvers/index.js';
import { Tensor } from '../../tensor.js';
import { singleTrainingOf, type Training, trainingOf } from '../training.js';
import type { Approach } from './approaches.js';
import type { ClassImages, FewShotData } from './data.js';
import { cosineHead } from './head.js';
import {
  classifierProblem,
  type Episodes,
  type FewShotProblem,
  headProblem,
  prototypeProblem,
  tasksOf,
  wholeProblem,
} from './problems.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** Samples of a mini-batch of plain training. */
const batch = 100;
/** Samples of the training classes that running statistics are taken of. */
const normalizing = 2000;

export interface LearnerSettings extends Episodes {
  readonly iterations: number;
  readonly learningRate: number;
  readonly seed: number;
}

/** One way to learn, under training: what it shares among tasks, and how well new tasks are learned with it. */
export class Learner implements Disposable {
  readonly #approach: Approach;
  readonly #network: Network;
  readonly #data: FewShotData;
  readonly #settings: LearnerSettings;
  readonly #device: Device;
  readonly #training: Training;
  readonly #normalizing: Tensor;

  /** @throws STATE_MISMATCH for a state of another training */
  constructor(
    approach: Approach,
    network: Network,
    data: FewShotData,
    settings: LearnerSettings,
    device: Device,
    saved?: SavedState,
  ) {
    this.#approach = approach;
    this.#network = network;
    this.#data = data;
    this.#settings = settings;
    this.#device = device;
    this.#training = this.#begin(saved);
    this.#normalizing = everyNth(data.train.x, normalizing);
  }

  #begin(saved: SavedState | undefined): Training {
    const { learningRate, iterations, seed } = this.#settings;
    const rate = cosine(learningRate, 0, iterations);
    const [approach, network, device] = [this.#approach, this.#network, this.#device];
    const statement = { network, data: this.#data.train, episodes: this.#settings, seed };
    if (approach.kind === 'heads' || approach.kind === 'whole') {
      const { problem } = approach.kind === 'heads' ? headProblem(statement, approach) : wholeProblem(statement);
      const levels = { upperOptimizer: 'adam', upperLearningRate: rate };
      return trainingOf(approach.method(problem, { ...approach.options, ...levels }, { device }), saved);
    }
    const problem = approach.kind === 'prototypes' ? prototypeProblem(statement) : classifierProblem(statement, batch);
    return singleTrainingOf(minimize(problem, { steps: 1, learningRate: rate }, { device }), saved);
  }

  get iteration(): number {
    return this.#training.iteration();
  }

  step(signal: AbortSignal): Promise<number> {
    return this.#training.step(signal);
  }

  /** Copies of what all tasks share, by name. */
  shared(): Record<string, Tensor> {
    return Object.fromEntries(Object.entries(this.#training.shared()).map(([name, tensor]) => [name, tensor.clone()]));
  }

  save(): SavedState {
    return this.#training.save();
  }

  /**
   * Accuracies of tasks of classes that it was not trained on, each learned from its own few samples.
   * @param shared as {@link shared} gave it
   * @param seed of the tasks
   */
  async judge(
    shared: Tensors,
    classes: ClassImages,
    {
      count,
      seed,
      signal,
      onProgress,
    }: {
      readonly count: number;
      readonly seed: number;
      readonly signal: AbortSignal;
      readonly onProgress: (done: number) => void;
    },
  ): Promise<number[]> {
    const { tasks } = this.#settings;
    const approach = this.#approach;
    const parameters = { ...shared, ...(approach.kind === 'whole' ? {} : await this.statistics(shared)) };
    const { problem, tryTasks } = this.#judged(classes, parameters);
    const u = Object.fromEntries(problem.upper.map(({ name }) => [name, parameters[name] as Tensor]));
    const { metrics } = await tryTasks(u, {
      ...approach.adapting,
      feeds: { tasks: tasksOf(classes, this.#settings, seed) },
      batches: Math.ceil(count / tasks),
      device: this.#device,
      signal,
      onProgress: (done) => onProgress(Math.min(done * tasks, count)),
    });
    return metrics.accuracy.toArray().slice(0, count);
  }

  #judged(data: ClassImages, parameters: Tensors): FewShotProblem {
    const { seed } = this.#settings;
    const [approach, network, episodes] = [this.#approach, this.#network, this.#settings];
    const statement = { network, data, episodes, seed };
    if (approach.kind === 'whole') return wholeProblem(statement);
    const statistics = Object.fromEntries(
      Object.keys(network.initialState()).map((name) => [name, parameters[name] as Tensor]),
    );
    if (approach.kind === 'heads') return headProblem(statement, { ...approach, statistics });
    return headProblem(statement, {
      head: cosineHead,
      statistics,
      byPrototypes: approach.kind === 'prototypes',
    });
  }

  /** Running statistics of the network that belong to parameters, over samples of the training classes. */
  async statistics(shared: Tensors): Promise<Record<string, Tensor>> {
    const names = Object.keys(this.#network.initialParameters());
    const parameters = Object.fromEntries(names.map((name) => [name, shared[name] as Tensor]));
    return runningStatistics(this.#network, this.#normalizing, parameters, { device: this.#device });
  }

  [Symbol.dispose](): void {
    this.#training.dispose();
  }
}

/** So many rows, spread evenly over all of them. */
function everyNth({ data, shape }: Tensor<'float32'>, most: number): Tensor<'float32'> {
  const [count = 0, ...sizes] = shape;
  const kept = Math.min(count, most);
  const size = data.length / count;
  const rows = Tensor.zeros([kept, ...sizes]);
  for (let row = 0; row < kept; row++) {
    const from = Math.floor((row * count) / kept);
    rows.data.set(data.subarray(from * size, (from + 1) * size), row * size);
  }
  return rows;
}
