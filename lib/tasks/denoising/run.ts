import type { BilevelProblem } from '../../bilevel/index.js';
import { checkForExperiments, loadDataset } from '../../data/dataset.js';
import type { Device } from '../../engine/index.js';
import { BilevelError } from '../../errors.js';
import { Classifier, checkTokens, type Parameters, trainClassifier } from '../../network/classifier.js';
import { loadModel } from '../../network/models.js';
import { runningStatistics } from '../../network/running-statistics.js';
import type { Network } from '../../onnx/index.js';
import {
  evaluate,
  findMethod,
  type MethodReport,
  type MethodSolver,
  type MethodState,
  type SavedState,
} from '../../solvers/index.js';
import type { Tensor } from '../../tensor.js';
import { checkAugmented, parseAugmentation } from './augmentation.js';
import { type DataSettings, type DenoisingData, loadDenoisingData } from './data.js';
import { type Judgement, judgeLabels } from './judgement.js';
import { denoisingProblem, initialImportance, rescaleImportance, weightsOf } from './problem.js';
import type { DenoisingSettings } from './settings.js';
import type { Trainer } from './trainer.js';

/**
 * One iteration of the method. After the last one of an epoch `accuracy` is that on the test set, and `auc` that of the
 * weights as in {@link Judgement}.
 */
export interface DenoisingReport extends MethodReport {
  /** Epochs completed. */
  readonly epoch: number;
  readonly accuracy?: number;
  readonly auc?: number;
}

export interface Stage {
  readonly name: string;
  readonly done: number;
  readonly total: number;
}

export interface StageOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((stage: Stage) => void) | undefined;
}

/** What a run works on; loading it finds every fault of the files before anything is computed or written. */
export interface DenoisingInputs {
  readonly network: Network;
  readonly data: DenoisingData;
}

/**
 * @throws what loadDataset, loadModel, loadDenoisingData and checkAugmented throw; INVALID_DATA for tokens that the
 *   network does not have
 */
export async function loadDenoisingInputs(
  {
    task,
  }: {
    readonly task: DataSettings &
      Pick<DenoisingSettings['task'], 'network' | 'output'> &
      Partial<Pick<DenoisingSettings['task'], 'augment'>>;
  },
  device: Device,
): Promise<DenoisingInputs> {
  checkForExperiments(task.data);
  const dataset = await loadDataset(task.data);
  const { inputShape } = dataset.train;
  const network = await loadModel(task.network, { inputShape, classes: dataset.classes.length }, task.output);
  const data = await loadDenoisingData(task, dataset, network, device);
  checkAugmented(task.augment ?? '', data.train.inputs, task.data);
  for (const part of ['train', 'validation', 'test'] as const)
    checkTokens(network, data[part].inputs, `${part} samples`);
  return { network, data };
}

/**
 * Cleans noisy training labels in the paper's form, step by step: prepare (data, network, pre-training), iterate,
 * judge. The bilevel state is saved and restored bit for bit; the other stages depend only on settings and are done
 * again.
 */
export class DenoisingRun implements Disposable {
  readonly settings: DenoisingSettings;
  readonly network: Network;
  readonly data: DenoisingData;
  /** Iterations of one epoch, and of the whole run. */
  readonly iterationsPerEpoch: number;
  readonly iterations: number;
  readonly #device: Device;
  readonly #classifier: Classifier;
  readonly #trainer: Trainer;
  readonly #problem: BilevelProblem;
  readonly #solver: MethodSolver;
  readonly #state: MethodState;

  private constructor(
    settings: DenoisingSettings,
    network: Network,
    data: DenoisingData,
    device: Device,
    start: { readonly importance: Tensor; readonly parameters: Parameters },
    trainer: Trainer,
    saved: SavedState | undefined,
  ) {
    const { batch, seed, epochs, augment } = settings.task;
    this.settings = settings;
    this.network = network;
    this.data = data;
    this.iterationsPerEpoch = Math.floor(data.train.labels.size / batch);
    this.iterations = epochs * this.iterationsPerEpoch;
    this.#device = device;
    this.#classifier = new Classifier(network, device);
    this.#trainer = trainer;
    this.#problem = denoisingProblem(network, data, start, { batch, seed, augment: parseAugmentation(augment) });
    this.#solver = findMethod(settings.task.method)(this.#problem, settings.method, { device });
    this.#state = saved === undefined ? this.#solver.init() : this.#solver.restore(saved);
  }

  /**
   * Unless a saved state says where to go on, trains the network on the validation samples and sets the first
   * importances by what it predicts (supplement E.2).
   * @throws STATE_MISMATCH for a state of other settings, ABORTED, NON_FINITE
   */
  static async prepare(
    settings: DenoisingSettings,
    { network, data }: DenoisingInputs,
    device: Device,
    trainer: Trainer,
    saved?: SavedState,
    { signal, onProgress }: StageOptions = {},
  ): Promise<DenoisingRun> {
    const { task } = settings;
    const initial = network.initialParameters();
    using classifier = new Classifier(network, device);
    const steps = task.pretrainEpochs * Math.ceil(data.validation.labels.size / task.batch);
    const parameters =
      saved === undefined && steps > 0
        ? await trainClassifier(
            network,
            data.validation,
            initial,
            {
              steps,
              learningRate: task.pretrainLearningRate,
              batch: task.batch,
              seed: task.seed,
              augment: parseAugmentation(task.augment),
              signal,
              onProgress: (done, total) => onProgress?.({ name: 'Pre-training', done, total }),
            },
            device,
          )
        : initial;
    const { batch } = task;
    const statistics = await runningStatistics(network, data.validation.inputs, parameters, { batch, device });
    const predicted = await classifier.predict(data.train.inputs, { ...parameters, ...statistics });
    const importance = initialImportance(predicted, data.train.labels, task);
    return new DenoisingRun(settings, network, data, device, { importance, parameters }, trainer, saved);
  }

  /** Iterations made so far. */
  get iteration(): number {
    return this.#state.counters.iteration;
  }

  /** The trained network's parameters. They change with the next iteration. */
  get parameters(): Parameters {
    return this.#state.v;
  }

  /** The weight of every training sample, from 0 (wrong) to 1, [n]. */
  get weights(): Float64Array {
    return weightsOf(this.#importance);
  }

  /** What to keep for going on later; valid until the next iteration. */
  save(): SavedState {
    return this.#solver.serialize(this.#state);
  }

  /** The remaining iterations. @throws ABORTED, with the state after the last whole iteration; NON_FINITE */
  async *iterate(signal?: AbortSignal): AsyncGenerator<DenoisingReport, void, undefined> {
    while (this.iteration < this.iterations) {
      const report = await this.#solver.step(this.#state, { signal });
      const epoch = Math.floor(this.iteration / this.iterationsPerEpoch);
      if (this.iteration % this.iterationsPerEpoch !== 0) {
        yield { ...report, epoch };
        continue;
      }
      if (this.settings.task.rescale) rescaleImportance(this.#importance);
      yield { ...report, epoch, accuracy: await this.accuracy(), auc: this.#judgeWeights().auc };
    }
  }

  /** Test accuracy of the network as it is, in per cent. */
  async accuracy(): Promise<number> {
    return 100 * (await this.#classifier.accuracy(this.data.test, await this.trained()));
  }

  /** Predicted class of every training sample, [n]. */
  async predictTrain(): Promise<Int32Array> {
    return this.#classifier.predict(this.data.train.inputs, await this.trained());
  }

  /** What the trained network is used and saved with: its parameters, and running statistics that belong to them. */
  async trained(): Promise<Parameters> {
    const { network, parameters, data } = this;
    const options = { batch: this.settings.task.batch, device: this.#device };
    return { ...parameters, ...(await runningStatistics(network, data.train.inputs, parameters, options)) };
  }

  /**
   * How the lower-level network does, with f(u, v*) in place of its own f, which v of the penalty method descends, too;
   * and a network that is trained anew on the samples that are trusted and on the validation samples; and how many are
   * trusted.
   */
  async judge(): Promise<{ readonly lower: Judgement; readonly retrained: Judgement; readonly trusted: number }> {
    const labels = this.#judgeWeights();
    const trusted = this.weights.map((weight) => Number(weight > this.settings.task.trust));
    const parameters = await this.#trainer.trainTuned({ weights: trusted });
    return {
      lower: { ...labels, accuracy: await this.accuracy(), response: await this.#response() },
      retrained: { ...labels, accuracy: await this.#trainer.accuracy(parameters) },
      trusted: trusted.reduce((sum, each) => sum + each, 0),
    };
  }

  /**
   * The validation cost of a network that is trained on g alone, from the file's parameters and like all trainings of a
   * single level. The weights are normalized over all samples there, and not in each mini-batch.
   */
  async #response(): Promise<number> {
    const parameters = await this.#trainer.train({ weights: this.weights, validation: () => false, l2: 0 });
    const v = Object.fromEntries(this.#problem.lower.map(({ name }) => [name, parameters[name] as Tensor]));
    const { f } = await evaluate(this.#problem, { u: this.#state.u, v }, { device: this.#device });
    return f;
  }

  #judgeWeights(): Omit<Judgement, 'accuracy'> {
    const { weights, data } = this;
    const flagged = weights.map((weight) => Number(weight < 0.5));
    return judgeLabels(weights, flagged, data.corrupted.data);
  }

  get #importance(): Tensor {
    const { importance } = this.#state.u;
    if (importance === undefined) throw new BilevelError('STATE_MISMATCH', 'The state has no importances.');
    return importance;
  }

  dispose(): void {
    this.#solver.dispose();
    this.#classifier.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
