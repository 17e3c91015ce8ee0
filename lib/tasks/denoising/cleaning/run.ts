import type { Device } from '../../../engine/index.js';
import type { Parameters } from '../../../network/classifier.js';
import type { Network } from '../../../onnx/index.js';
import type { SavedState } from '../../../solvers/index.js';
import type { Step } from '../../../study/index.js';
import { Tensor } from '../../../tensor.js';
import { crossFit, type OutOfFold } from '../cross-fitting.js';
import type { Decay, Trainer } from '../trainer.js';
import { costsAtEnds, firstDecay, learnDecay } from './learn-decay.js';
import {
  atTemperature,
  bestTemperature,
  type FittedNoise,
  fitNoise,
  geometricMean,
  type NoiseModel,
} from './noise-model.js';

export interface CleaningSettings {
  readonly rounds: number;
  /** Iterations of the bilevel problem, after the first round; 0 leaves the decay as it is at first. */
  readonly decayIterations: number;
  readonly batch: number;
}

/** Where a cleaning stands, beside the trust in every label: plain JSON. */
interface Progress {
  /** Rounds made. */
  readonly rounds: number;
  readonly decay: Decay;
  readonly learned: boolean;
  /** Of the last networks that did not see all validation samples. */
  readonly temperature: number;
  /** How labels seem to go wrong. */
  readonly noise: Noise;
}

type Noise = Pick<NoiseModel, 'rate' | 'shares'>;

/**
 * Cleans labels by cross-fitting: in each round networks are trained on the labels as far as they are trusted, predict
 * the samples that they did not see, and a model of the noise turns predictions and given labels into trust; the last
 * round takes those of the round before in. How the networks are trained is learned by a bilevel problem after the
 * first round.
 */
export class Cleaning {
  readonly #network: Network;
  readonly #trainer: Trainer;
  readonly #settings: CleaningSettings;
  readonly #labels: Int32Array;
  #trust: Float64Array;
  /** By the last round. */
  #predicted: OutOfFold | undefined;
  #progress: Progress;

  private constructor(
    network: Network,
    trainer: Trainer,
    settings: CleaningSettings,
    trust: Float64Array,
    progress: Progress,
  ) {
    this.#network = network;
    this.#trainer = trainer;
    this.#settings = settings;
    this.#labels = labelsOf(trainer);
    this.#trust = trust;
    this.#progress = progress;
  }

  /** Trust starts from a network trained on the validation samples alone. */
  static async prepare(
    network: Network,
    trainer: Trainer,
    settings: CleaningSettings,
    saved?: SavedState,
  ): Promise<Cleaning> {
    const trust = saved?.tensors.get('trust');
    if (saved !== undefined && trust !== undefined) {
      const progress = saved.values as Progress;
      const cleaning = new Cleaning(network, trainer, settings, Float64Array.from(trust.toArray()), progress);
      const [train, validation] = ['train', 'validation'].map(
        (name) => saved.tensors.get(name) as Tensor<'float32'> | undefined,
      );
      if (train !== undefined) cleaning.#predicted = { train, validation };
      return cleaning;
    }
    const decay = firstDecay(network);
    const parameters = await trainer.train({ weights: new Float64Array(trainer.count), l2: decay });
    const probabilities = await trainer.probabilities(trainer.data.train.inputs, parameters);
    const { trust: first, model } = fitNoise(probabilities, labelsOf(trainer));
    const progress = { rounds: 0, decay, learned: false, temperature: 1, noise: noiseOf(model) };
    return new Cleaning(network, trainer, settings, rounded(first), progress);
  }

  /** The probability that each given label is right, [n]. */
  get trust(): Float64Array {
    return this.#trust;
  }

  get decay(): Decay {
    return this.#progress.decay;
  }

  get noise(): Noise {
    return this.#progress.noise;
  }

  /** What to go on from; valid until the next step. */
  save(): SavedState {
    const kept = { trust: Tensor.from(Float32Array.from(this.#trust)), ...this.#predicted };
    return {
      tensors: new Map(
        Object.entries(kept).flatMap(([name, tensor]) => (tensor === undefined ? [] : [[name, tensor]])),
      ),
      values: { ...this.#progress },
    };
  }

  /** The steps that are left: rounds, and after the first one the learning of the decay. */
  async *steps(
    device: Device,
    signal: AbortSignal | undefined,
    report: (stage: string, done: number, total: number) => void,
  ): AsyncGenerator<Step, void, undefined> {
    const { rounds, decayIterations, batch } = this.#settings;
    while (this.#progress.rounds < rounds) {
      const { decay, learned } = this.#progress;
      if (this.#progress.rounds > 0 && decayIterations > 0 && !learned) {
        const given = {
          iterations: decayIterations,
          batch,
          device,
          signal,
          onProgress: (done: number) => report('Bilevel', done, decayIterations),
        };
        const result = await learnDecay(this.#network, this.#trainer, this.#trust, decay, given);
        this.#progress = { ...this.#progress, decay: result.decay, learned: true };
        const { first, last } = costsAtEnds(result.costs);
        yield this.#step(result, `held-out cost ${first.toFixed(4)} to ${last.toFixed(4)}`);
        continue;
      }
      const { model, temperature } = await this.#round();
      const { rate, shares, logLikelihood } = model;
      yield this.#step(
        { round: this.#progress.rounds, rate, ...shares, temperature, logLikelihood },
        `${(100 * rate).toFixed(1)} % of the labels look wrong`,
      );
    }
  }

  #step(row: object, detail: string): Step {
    const { rounds: total } = this.#settings;
    return { row, done: this.#progress.rounds, total, detail, keep: true };
  }

  async #round(): Promise<FittedNoise & { readonly temperature: number }> {
    const { decay, rounds } = this.#progress;
    const predicted = await crossFit(this.#trainer, {
      weights: this.#trust,
      l2: decay,
      round: rounds,
      // Networks of the later rounds learn from all validation samples, at the temperature found before.
      dealValidation: rounds < this.#settings.rounds / 2,
    });
    const isLast = rounds + 1 === this.#settings.rounds;
    const { train, validation } = isLast ? pool(predicted, this.#predicted) : predicted;
    this.#predicted = predicted;
    const temperature =
      validation === undefined
        ? this.#progress.temperature
        : bestTemperature(validation, this.#trainer.data.validation.labels.data);
    const fitted = fitNoise(atTemperature(train, temperature), this.#labels);
    this.#trust = rounded(fitted.trust);
    this.#progress = { ...this.#progress, rounds: rounds + 1, temperature, noise: noiseOf(fitted.model) };
    return { ...fitted, temperature };
  }

  /** A network trained on all samples as far as their labels are trusted. */
  async train(): Promise<Parameters> {
    return this.#trainer.train({ weights: this.#trust, l2: this.#progress.decay });
  }
}

/**
 * The geometric means of what networks of two rounds say: these were trained on other samples, and err less together.
 */
function pool(last: OutOfFold, before: OutOfFold | undefined): OutOfFold {
  const both = (a: Tensor<'float32'>, b: Tensor<'float32'> | undefined): Tensor<'float32'> =>
    b === undefined ? a : geometricMean(a, b);
  return {
    train: both(last.train, before?.train),
    validation: last.validation && both(last.validation, before?.validation),
  };
}

const labelsOf = ({ data }: Trainer): Int32Array => Int32Array.from(data.train.labels.data, Number);

/** As a checkpoint keeps it, so that a resumed run goes on with the same bits. */
const rounded = (trust: Float64Array): Float64Array => Float64Array.from(Float32Array.from(trust));

const noiseOf = ({ rate, shares }: NoiseModel): Noise => ({ rate, shares });
