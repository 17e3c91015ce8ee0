import { type AugmentOptions, feed, minimizationProblem } from '../../bilevel/index.js';
import type { SampleInputs } from '../../data/labelled-samples.js';
import type { Sampler } from '../../data/samplers/sampler.js';
import { ShuffledRows } from '../../data/samplers/shuffled.js';
import type { Device } from '../../engine/index.js';
import { BilevelError } from '../../errors.js';
import { add, constant, crossEntropy, mean, mul, type Node, reduceSum, square } from '../../graph/index.js';
import { Classifier, filterSamples, joinSamples, type Parameters, type Samples } from '../../network/classifier.js';
import { runningStatistics } from '../../network/running-statistics.js';
import type { Network } from '../../onnx/index.js';
import { cosine } from '../../schedules/index.js';
import { minimize } from '../../solvers/index.js';
import { type Shape, Tensor } from '../../tensor.js';
import { parseAugmentation } from './augmentation.js';
import type { DenoisingData } from './data.js';
import { foldsOf } from './folds.js';

/** How far a training is. */
export interface TrainingProgress {
  /** Which training of the trainer it is, from 1. */
  readonly training: number;
  /** Steps made, of how many. */
  readonly step: number;
  readonly steps: number;
  /** Mean of the cost over the steps since the last report. */
  readonly cost: number;
}

/** How all trainings of a single level are made. */
export interface TrainingSettings {
  /** Optimizer steps; cut into native calls of equal length, which may add up to 2 % to them. */
  readonly trainSteps: number;
  /** First learning rate of Adam; it falls to 0 along half a cosine. */
  readonly trainLearningRate: number;
  /** Samples of a mini-batch, where there are as many. */
  readonly batch: number;
  readonly seed: number;
  /** How images are changed at random, as {@link parseAugmentation} reads it; as they are by default. */
  readonly augment?: string;
}

export interface Training {
  /**
   * Weights of all training samples, each with its label as given, [n]; samples of weight 0 are left out. By default 1.
   */
  readonly weights?: ArrayLike<number>;
  /**
   * In place of weights and given labels: how much each class counts in each training sample, [n, classes]; samples in
   * which none does are left out.
   */
  readonly softLabels?: Tensor<'float32'>;
  /** Which validation samples are trained on, besides, with weight 1. By default all. */
  readonly validation?: (row: number) => boolean;
  /**
   * Coefficient of half the squared weights (not of biases), as in g + l2 / 2 |v|^2: one for all, or one for each by
   * name.
   */
  readonly l2: number | Decay;
  /** Where the network starts; by default at its file's parameters. */
  readonly start?: Parameters;
  /** Added to the seed of the mini-batches. */
  readonly draw?: number;
  /** Share of the steps of a whole training; 1 by default. */
  readonly share?: number;
}

/** Coefficients by the names of {@link penalized} parameters. */
export type Decay = Readonly<Record<string, number>>;

/** Most steps of one native call: enough that the call costs nothing, few enough for progress. */
const stepsPerCall = 50;

/** What a kind of training chooses among: penalties, and lengths as shares of a whole training. */
const penalties = [1e-4, 1e-3, 1e-2, 1e-1] as const;
export const lengths = [1, 0.5] as const;

/** The penalty and the length that suit a kind of training. */
export type Tuned = Required<Pick<Training, 'share'>> & { readonly l2: number };

/**
 * Halves of the validation samples: one judges what the other one and the training samples trained, and then the
 * other way round.
 */
const tuningFolds = 2;
/** Samples that judge well enough alone: with a half as large as this the other way round is left out. */
const enoughJudges = 500;

/**
 * Trains one network again and again on the samples of a run, of which each training has its own weights, with the same
 * care: Adam to the end of a cosine, and a penalty on weights chosen by what held-out validation samples say. Whatever
 * is compared is trained here. All samples lie in memory once and mini-batches are drawn from the chosen rows, so that
 * one compiled program serves all.
 */
export class Trainer implements Disposable {
  readonly data: DenoisingData;
  readonly #network: Network;
  readonly #device: Device;
  readonly #settings: TrainingSettings;
  readonly #classifier: Classifier;
  /** Training samples, and validation samples behind them. */
  readonly #samples: Samples;
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: ((progress: TrainingProgress) => void) | undefined;
  #trainings = 0;
  /** What suits samples of weight 1, once it was asked for. */
  #unweighted: Promise<Tuned> | undefined;

  constructor(
    network: Network,
    data: DenoisingData,
    settings: TrainingSettings,
    device: Device,
    signal?: AbortSignal | undefined,
    onProgress?: (progress: TrainingProgress) => void,
  ) {
    this.data = data;
    this.#network = network;
    this.#device = device;
    this.#settings = settings;
    this.#classifier = new Classifier(network, device);
    this.#samples = joinSamples(data.train, data.validation);
    this.#signal = signal;
    this.#onProgress = onProgress;
  }

  get seed(): number {
    return this.#settings.seed;
  }

  /** What trainings do to images; undefined where they see them as they are. */
  get augmentation(): AugmentOptions | undefined {
    return parseAugmentation(this.#settings.augment ?? '');
  }

  /** Training samples. */
  get count(): number {
    return this.data.train.labels.size;
  }

  /**
   * @returns the parameters, with running statistics that belong to them
   * @throws INVALID_DATA when no sample has a weight; ABORTED, NON_FINITE
   */
  async train(given: Training): Promise<Parameters> {
    const { weights, softLabels, validation = () => true, l2, start, draw = 0, share = 1 } = given;
    const { trainSteps, trainLearningRate, seed } = this.#settings;
    const augment = { x: this.augmentation };
    const { inputs, labels } = this.#samples;
    const all = Float32Array.from({ length: labels.size }, (_, row) => {
      if (row >= this.count) return Number(validation(row - this.count));
      return softLabels === undefined ? Number(weights?.[row] ?? 1) : sumOfRow(softLabels, row);
    });
    const rows = Int32Array.from(all.keys()).filter((row) => (all[row] ?? 0) > 0);
    if (rows.length === 0) {
      throw new BilevelError(
        'INVALID_DATA',
        'No sample is left to train on: all are left out, or were dropped. Give more samples, or drop fewer of them.',
      );
    }
    const total = rows.reduce((sum, row) => sum + (all[row] ?? 0), 0);
    // With a mean weight of 1 the learning rate and the penalty mean the same in every training.
    const scaled = (weight: number): number => (weight * rows.length) / total;
    const tensors: Record<string, Tensor> =
      softLabels === undefined
        ? { x: inputs, y: labels, w: Tensor.from(all.map(scaled)) }
        : { x: inputs, q: this.#softLabelsOfAll(softLabels, all, scaled) };
    const batch = Math.min(this.#settings.batch, rows.length);
    const calls = Math.ceil((share * trainSteps) / stepsPerCall);
    const steps = Math.ceil((share * trainSteps) / calls);
    const problem = minimizationProblem({
      lower: start === undefined ? this.#network.initialParameters() : this.#trainable(start),
      feeds: {
        train: feed(tensors, { batch, seed: seed + draw, sampler: among(rows), augment }),
      },
      g: ({ v, train, key }) => {
        const { x, y, w, q }: { readonly [array: string]: Node | undefined } = { ...train };
        const logits = this.#network.apply(x as Node, v, { key });
        const losses = q === undefined ? mul(w as Node, crossEntropy(logits, y as Node)) : crossEntropy(logits, q);
        return add(mean(losses), penaltyOf(v, l2));
      },
    });
    const schedule = cosine(trainLearningRate, 0, calls * steps);
    using solver = minimize(problem, { steps, learningRate: schedule }, { device: this.#device });
    const state = solver.init();
    const training = ++this.#trainings;
    const signal = this.#signal;
    for await (const { g, lowerSteps } of solver.run({ iterations: calls, state, ...(signal && { signal }) })) {
      this.#onProgress?.({ training, step: lowerSteps, steps: calls * steps, cost: g });
    }
    return { ...state.v, ...(await this.#statistics(state.v, (row) => (all[row] ?? 0) > 0)) };
  }

  /**
   * The penalty and the length with which networks of these weights do best on validation samples that they were not
   * trained on, by mean cross-entropy; without validation samples on training samples that they were not trained on,
   * which count by their weights. From the second smallest penalty on larger ones are tried as long as they do better,
   * or else smaller ones; then a shorter training.
   */
  tune(weights?: ArrayLike<number>): Promise<Tuned> {
    if (weights !== undefined) return this.#choose(weights);
    this.#unweighted ??= this.#choose(undefined);
    return this.#unweighted;
  }

  async #choose(weights: ArrayLike<number> | undefined): Promise<Tuned> {
    const [whole, ...shorter] = lengths;
    const first = 1;
    let best: Tuned = { l2: penalties[first], share: whole };
    const judge = this.#judge(weights);
    if (judge === undefined) return best;
    let least = await judge(best);
    const isBetter = async (tried: Tuned): Promise<boolean> => {
      const loss = await judge(tried);
      if (!(loss < least)) return false;
      [best, least] = [tried, loss];
      return true;
    };
    for (const way of [penalties.slice(first + 1), penalties.slice(0, first).reverse()]) {
      if (best.l2 !== penalties[first]) break;
      for (const l2 of way) if (!(await isBetter({ l2, share: whole }))) break;
    }
    for (const share of shorter) await isBetter({ ...best, share });
    return best;
  }

  /** What tells the loss of held-out samples; undefined where there are too few to hold any out. */
  #judge(weights: ArrayLike<number> | undefined): ((tried: Tuned) => Promise<number>) | undefined {
    const { train, validation } = this.data;
    const judged = validation.labels.size > 0 ? validation : train;
    const folds = foldsOf(judged.labels.size, tuningFolds, this.seed, 'tuning');
    if (folds === undefined) return undefined;
    const weightOf = (row: number): number => weights?.[row] ?? 1;
    const judging = validation.labels.size >= tuningFolds * enoughJudges ? 1 : tuningFolds;
    return async (tried) => {
      let loss = 0;
      for (let fold = 0; fold < judging; fold++) {
        const others: Omit<Training, 'l2'> =
          judged === validation
            ? { ...(weights && { weights }), validation: (row) => folds[row] !== fold }
            : { weights: Array.from(folds, (each, row) => (each === fold ? 0 : weightOf(row))) };
        const probabilities = await this.probabilities(judged.inputs, await this.train({ ...others, ...tried }));
        const given = givenProbabilities(probabilities, judged.labels);
        const counted = (row: number): number => (folds[row] !== fold ? 0 : judged === validation ? 1 : weightOf(row));
        loss -= given.reduce((sum, p, row) => sum + counted(row) * Math.log(Math.max(p, 1e-12)), 0);
      }
      return loss;
    };
  }

  /** A training as {@link tune} finds it. */
  async trainTuned(training: Omit<Training, 'l2' | 'share' | 'validation'>): Promise<Parameters> {
    return this.train({ ...training, ...(await this.tune(training.weights)) });
  }

  /** float32 [n, classes] */
  probabilities(inputs: SampleInputs, parameters: Parameters): Promise<Tensor<'float32'>> {
    return this.#classifier.probabilities(inputs, parameters);
  }

  /** Test accuracy in per cent. */
  async accuracy(parameters: Parameters): Promise<number> {
    return 100 * (await this.#classifier.accuracy(this.data.test, parameters));
  }

  /** Those of the training samples, and the labels of the validation samples, scaled alike. */
  #softLabelsOfAll(
    softLabels: Tensor<'float32'>,
    weights: Float32Array,
    scaled: (weight: number) => number,
  ): Tensor<'float32'> {
    const { labels } = this.#samples;
    const width = this.data.classes.length;
    const all = Tensor.zeros([labels.size, width]);
    all.data.set(softLabels.data);
    for (let row = this.count; row < labels.size; row++) {
      all.data[row * width + Number(labels.data[row])] = weights[row] ?? 0;
    }
    return Tensor.from(all.data.map(scaled), all.shape);
  }

  #trainable(parameters: Parameters): Parameters {
    const names = Object.keys(this.#network.initialParameters());
    return Object.fromEntries(Object.entries(parameters).filter(([name]) => names.includes(name)));
  }

  async #statistics(parameters: Parameters, used: (row: number) => boolean): Promise<Parameters> {
    if (Object.keys(this.#network.initialState()).length === 0) return {};
    const { inputs } = filterSamples(this.#samples, used);
    return runningStatistics(this.#network, inputs, parameters, { batch: this.#settings.batch, device: this.#device });
  }

  dispose(): void {
    this.#classifier.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** The probability of each sample's label, [n]. */
export function givenProbabilities({ data, shape }: Tensor<'float32'>, labels: Tensor<'int64'>): Float64Array {
  const [, classes = 0] = shape;
  return Float64Array.from(labels.data, (label, row) => data[row * classes + Number(label)] ?? Number.NaN);
}

function sumOfRow({ data, shape: [, width = 0] }: Tensor<'float32'>, row: number): number {
  return data.subarray(row * width, (row + 1) * width).reduce((sum, value) => sum + value, 0);
}

/** The names of the parameters that penalties are on: weights, and not biases and scales, which have one axis. */
export function penalized(parameters: Readonly<Record<string, { readonly shape: Shape }>>): string[] {
  return Object.entries(parameters)
    .filter(([, { shape }]) => shape.length > 1)
    .map(([name]) => name);
}

/** Half of each penalty times the squared weights. */
function penaltyOf(v: Readonly<Record<string, Node>>, l2: number | Decay): Node {
  const terms = penalized(v).map((name) =>
    mul(0.5 * (typeof l2 === 'number' ? l2 : (l2[name] ?? 0)), reduceSum(square(v[name] as Node))),
  );
  return terms.reduce((sum, each) => add(sum, each), constant(0));
}

/** Every epoch a new random order of the chosen rows alone. */
function among(rows: Int32Array): Sampler {
  return {
    description: `shuffled among ${rows.length} rows`,
    distinct: true,
    start: ({ batch }, random) => {
      const inner = new ShuffledRows(rows.length, batch, random);
      return {
        next: () => inner.next().map((position) => rows[position] ?? 0),
        get state() {
          return inner.state;
        },
        restore: (state) => inner.restore(state),
      };
    },
  };
}
