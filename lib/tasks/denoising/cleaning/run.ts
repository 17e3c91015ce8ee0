import type { Device } from '../../../engine/index.js';
import { BilevelError, isRecord } from '../../../errors.js';
import type { Parameters } from '../../../network/classifier.js';
import type { Network } from '../../../onnx/index.js';
import type { SavedState } from '../../../solvers/index.js';
import type { Step } from '../../../study/index.js';
import { formatType, type Shape, sameShape, Tensor } from '../../../tensor.js';
import { crossFit, type OutOfFold } from '../cross-fitting.js';
import { type Decay, lengths, type Trainer } from '../trainer.js';
import { firstDecay, learnDecay } from './learn-decay.js';
import {
  atTemperature,
  bestTemperature,
  type FittedNoise,
  fitNoise,
  gainOverFrequencies,
  geometricMean,
  type NoiseModel,
} from './noise-model.js';
import { softLabelsOf } from './soft-labels.js';

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
  /** Length of the trainings of a round, as a share of a whole one. */
  readonly length: number;
  /** Of the last networks that did not see all validation samples. */
  readonly temperature: number;
  /** How labels seem to go wrong. */
  readonly noise: Noise;
  /** Rounds that were given up, see {@link Cleaning.collapsed}. */
  readonly collapsed: number;
  /** f(u, v*) before and after the decay was learned; null before that. */
  readonly response: { readonly before: number; readonly after: number } | null;
}

type Noise = Pick<NoiseModel, 'rate' | 'shares'>;

function isProgress(values: unknown): values is Progress {
  if (!isRecord(values)) return false;
  const { rounds, decay, learned, length, temperature, noise, collapsed, response } = values;
  const numbers = isRecord(decay) && isRecord(noise) && isRecord(noise.shares) ? { ...decay, ...noise.shares } : {};
  return (
    Number.isSafeInteger(rounds) &&
    Number.isSafeInteger(collapsed) &&
    (response === null || isRecord(response)) &&
    typeof learned === 'boolean' &&
    Object.keys(numbers).length > 0 &&
    [length, temperature, isRecord(noise) ? noise.rate : undefined, ...Object.values(numbers)].every(Number.isFinite)
  );
}

const mismatch = (reason: string): BilevelError =>
  new BilevelError('STATE_MISMATCH', `The saved state does not fit this run: ${reason}.`);

/** What predictions must add to the log-likelihood of a label, in nats, or else they say nothing. */
const leastGain = 0.005;

/** What networks of a round predict, and how labels went wrong by that. */
interface Fitted extends FittedNoise {
  readonly length: number;
  readonly temperature: number;
  readonly predicted: OutOfFold;
}

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

  /**
   * Trust starts from a network trained on the validation samples alone, or from where it stood.
   * @throws STATE_MISMATCH, ABORTED, NON_FINITE
   */
  static async prepare(
    network: Network,
    trainer: Trainer,
    settings: CleaningSettings,
    saved?: SavedState,
  ): Promise<Cleaning> {
    if (saved !== undefined) return Cleaning.#restored(network, trainer, settings, saved);
    const decay = firstDecay(network);
    const parameters = await trainer.train({ weights: new Float64Array(trainer.count), l2: decay });
    const probabilities = await trainer.probabilities(trainer.data.train.inputs, parameters);
    const { trust: first, model } = fitNoise(probabilities, labelsOf(trainer));
    const progress = {
      rounds: 0,
      decay,
      learned: false,
      length: 1,
      temperature: 1,
      noise: noiseOf(model),
      collapsed: 0,
      response: null,
    };
    return new Cleaning(network, trainer, settings, rounded(first), progress);
  }

  /** @throws STATE_MISMATCH for what is not the state of a cleaning of these data */
  static #restored(network: Network, trainer: Trainer, settings: CleaningSettings, saved: SavedState): Cleaning {
    const { data, count } = trainer;
    const tensor = (name: string, shape: Shape): Tensor<'float32'> | undefined => {
      const found = saved.tensors.get(name);
      if (found === undefined || (found.dtype === 'float32' && sameShape(found.shape, shape))) {
        return found as Tensor<'float32'> | undefined;
      }
      throw mismatch(`${name} is ${formatType(found)}, not float32[${shape.join(', ')}]`);
    };
    const trust = tensor('trust', [count]);
    if (trust === undefined || !isProgress(saved.values)) throw mismatch('it does not say how far the cleaning was');
    const cleaning = new Cleaning(network, trainer, settings, Float64Array.from(trust.data), saved.values);
    const train = tensor('train', [count, data.classes.length]);
    const validation = tensor('validation', [data.validation.labels.size, data.classes.length]);
    if (train !== undefined) cleaning.#predicted = { train, validation };
    return cleaning;
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

  /**
   * Rounds whose networks predicted labels that they had not seen no better than the frequencies of the labels do; what
   * was trusted before stayed.
   */
  get collapsed(): number {
    return this.#progress.collapsed;
  }

  /** f(u, v*): the cost of held-out samples under networks trained with the decay at first and the one learned. */
  get response(): Progress['response'] {
    return this.#progress.response;
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
          share: this.#progress.length,
          device,
          signal,
          onProgress: (done: number) => report('Bilevel', done, decayIterations),
        };
        const result = await learnDecay(this.#network, this.#trainer, this.#trust, decay, given);
        const { before, after, diverged } = result;
        this.#progress = { ...this.#progress, decay: result.decay, learned: true, response: { before, after } };
        const change = diverged
          ? 'diverged: weight decay stays'
          : `held-out cost ${before.toFixed(4)} to ${after.toFixed(4)}`;
        yield this.#step(result, change);
        continue;
      }
      const { model, temperature, length, collapsed } = await this.#round();
      const { rate, shares, logLikelihood } = model;
      yield this.#step(
        { round: this.#progress.rounds, rate, ...shares, length, temperature, logLikelihood, collapsed },
        collapsed ? 'given up: its networks predict nothing' : `${(100 * rate).toFixed(1)} % of the labels look wrong`,
      );
    }
  }

  #step(row: object, detail: string): Step {
    const { rounds: total } = this.#settings;
    return { row, done: this.#progress.rounds, total, detail, keep: true };
  }

  /**
   * Trains, predicts and fits the noise. The first round does so with trainings of each length, and keeps to that whose
   * networks make the given labels likeliest: long ones learn wrong labels by heart, short ones too little. Short ones
   * have to hold in the second round, too, whose labels are trusted with better reason.
   */
  async #round(): Promise<Fitted & { readonly collapsed: boolean }> {
    const { rounds, length } = this.#progress;
    let best: Fitted | undefined;
    const isOpen = rounds === 0 || (rounds === 1 && length < 1);
    for (const each of isOpen ? lengths : [length]) {
      const fitted = await this.#fit(each);
      if (best === undefined || fitted.model.logLikelihood > best.model.logLikelihood) best = fitted;
    }
    const fitted = best as Fitted;
    const { predicted, trust, model, ...found } = fitted;
    const collapsed = gainOverFrequencies(model, this.#labels) < leastGain * this.#labels.length;
    const progress = { ...this.#progress, rounds: rounds + 1 };
    if (collapsed) {
      this.#progress = { ...progress, collapsed: progress.collapsed + 1 };
    } else {
      this.#predicted = predicted;
      this.#trust = rounded(trust);
      this.#progress = { ...progress, ...found, noise: noiseOf(model) };
    }
    return { ...fitted, collapsed };
  }

  async #fit(length: number): Promise<Fitted> {
    const { decay, rounds } = this.#progress;
    const predicted = await crossFit(this.#trainer, {
      weights: this.#trust,
      l2: decay,
      share: length,
      round: rounds,
      // Networks of the later rounds learn from all validation samples, at the temperature found before.
      dealValidation: rounds < this.#settings.rounds / 2,
    });
    const isLast = rounds + 1 === this.#settings.rounds;
    const { train, validation } = isLast ? pool(predicted, this.#predicted) : predicted;
    const temperature =
      validation === undefined
        ? this.#progress.temperature
        : bestTemperature(validation, this.#trainer.data.validation.labels.data);
    const { model, trust } = fitNoise(atTemperature(train, temperature), this.#labels);
    return {
      length,
      predicted: { train: predicted.train, validation: predicted.validation },
      temperature,
      model,
      trust,
    };
  }

  /**
   * A network trained on all samples: on the given label as far as it is trusted, and, with half of the rest, on the
   * other classes as networks that did not see the sample predict them.
   */
  async train(): Promise<Parameters> {
    const labels =
      this.#predicted === undefined
        ? { weights: this.#trust }
        : { softLabels: softLabelsOf(this.#predicted.train, this.#labels, this.#trust) };
    return this.#trainer.train({ ...labels, l2: this.#progress.decay });
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
