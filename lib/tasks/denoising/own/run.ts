import type { Dataset } from '../../../data/sources/source.js';
import type { Device } from '../../../engine/index.js';
import { BilevelError, isRecord } from '../../../errors.js';
import { checkFit, checkTokens, type Parameters, type Samples } from '../../../network/classifier.js';
import { loadModel } from '../../../network/models.js';
import { mean } from '../../../numbers.js';
import type { Network } from '../../../onnx/index.js';
import type { Decisions } from '../../../review/index.js';
import type { SavedState } from '../../../solvers/index.js';
import { sameShape, Tensor } from '../../../tensor.js';
import { checkAugmented } from '../augmentation.js';
import { pruneByNoiseRate } from '../baselines/confident-learning.js';
import { atTemperature, bestTemperature, type FittedNoise, gainOverFrequencies } from '../cleaning/noise-model.js';
import { fitNoiseWithPairs } from '../cleaning/noise-pairs.js';
import { crossFit, type OutOfFold } from '../cross-fitting.js';
import type { DenoisingData } from '../data.js';
import { Trainer, type TrainingProgress } from '../trainer.js';
import type { CleanedLabels } from './cleaned-labels.js';
import { decisionsOn, overruled, weightOf, withFixed } from './decisions.js';
import { loadOwnData, type OwnDataSettings } from './settings.js';

/**
 * What predictions must add to the log-likelihood of all labels, in nats, or else they say nothing: one for each of the
 * two numbers that the model of the noise has at least, its rate and a share (Akaike's criterion). Where two fifths of
 * the labels of two classes are wrong, predictions that find most of them add as little as 3.
 */
const leastGain = 2;

/** Rounds of cross-fitting: in each, networks are trained with the trust of the one before. */
export const rounds = 3;

export interface OwnDataInputs {
  readonly dataset: Dataset;
  readonly network: Network;
  /** The labels of `train` with those that somebody has fixed. */
  readonly data: DenoisingData;
  /** The labels as the owner gave them, int64 [n]. */
  readonly given: Tensor<'int64'>;
  readonly decisions: Decisions;
}

/**
 * @throws what loadDataset, loadModel, decisionsOn and checkAugmented throw; SHAPE_MISMATCH and INVALID_DATA where
 *   network and data do not fit
 */
export async function loadOwnDataInputs(settings: OwnDataSettings): Promise<OwnDataInputs> {
  const { doubtful, clean } = await loadOwnData(settings);
  const classes = doubtful.classes.length;
  const { inputShape } = doubtful.train;
  const network = await loadModel(settings.network, { inputShape, classes }, settings.output);
  const owned = doubtful.train.take();
  const { size } = owned.labels;
  const decisions: Decisions =
    settings.decisions === '' ? new Map() : await decisionsOn(settings.decisions, size, doubtful.classes);
  const fixed = withFixed(owned.labels.data, decisions);
  const train: Samples = { inputs: owned.inputs, labels: Tensor.from(fixed, [size], 'int64') };
  const none = doubtful.train.take([]);
  const validation: Samples = clean?.train.take() ?? none;
  checkFit(network, inputShape, classes, train.inputs.dtype);
  checkAugmented(settings.augment, train.inputs, settings.data);
  checkTokens(network, train.inputs, 'samples');
  checkTokens(network, validation.inputs, 'clean samples');
  const data = {
    classes: doubtful.classes,
    train,
    // Nobody knows the right ones.
    trueLabels: train.labels,
    corrupted: Tensor.zeros([train.labels.size], 'bool'),
    rows: Int32Array.from({ length: train.labels.size }, (_, row) => row),
    validation,
    test: none,
  };
  return { dataset: doubtful, network, data, given: owned.labels, decisions };
}

/** One round. */
export interface RoundReport {
  readonly round: number;
  /** Coefficient of the penalty on the networks' weights. */
  readonly l2: number;
  /** Mean trust in the labels. */
  readonly trust: number;
  /** Share of the samples whose given label is not the most likely one. */
  readonly disagreeing: number;
  /** Whether it was given up, because its networks predicted nothing: what was trusted before stays. */
  readonly collapsed: boolean;
}

/** What is known after a round. */
interface Standing {
  readonly round: number;
  /** Rounds that were given up. */
  readonly collapsed: number;
  /** How far each label is trusted, float32 [n]. */
  readonly trust: Tensor<'float32'>;
  /** Probabilities of the classes by networks that were not trained on the sample, float32 [n, classes]. */
  readonly probabilities: Tensor<'float32'>;
}

/**
 * Judges labels of which none is known to be right: every label by networks that were not trained on it. The first
 * round trusts all labels, and leaves out those that the confident joint takes for wrong; the networks of the later
 * ones say what the others look like, and a model of the noise how the labels came about. Clean samples, where there
 * are some, are trained on by all networks and choose penalty and temperature.
 */
export class OwnDataRun implements Disposable {
  readonly inputs: OwnDataInputs;
  readonly #trainer: Trainer;
  readonly #labels: Int32Array;
  #standing: Standing;

  /** @throws STATE_MISMATCH for a saved state of other data */
  constructor(
    inputs: OwnDataInputs,
    settings: OwnDataSettings,
    device: Device,
    signal: AbortSignal,
    saved?: SavedState,
    onTraining?: (progress: TrainingProgress) => void,
  ) {
    const { network, data } = inputs;
    this.inputs = inputs;
    this.#trainer = new Trainer(network, data, settings, device, signal, onTraining);
    this.#labels = Int32Array.from(data.train.labels.data, Number);
    const count = this.#labels.length;
    const first: Standing = {
      round: 0,
      collapsed: 0,
      trust: Tensor.from(new Float32Array(count).fill(1)),
      probabilities: Tensor.zeros([count, data.classes.length]),
    };
    this.#standing = saved === undefined ? first : restored(first, saved);
  }

  /** The remaining rounds. @throws ABORTED, NON_FINITE */
  async *rounds(): AsyncGenerator<RoundReport, void, undefined> {
    while (this.#standing.round < rounds) {
      const { round, collapsed: before } = this.#standing;
      const weights = this.#weights(this.#standing.trust.data);
      const { l2, share } = await this.#trainer.tune(weights);
      const predicted = await crossFit(this.#trainer, { weights, l2, share, round, dealValidation: true });
      const probabilities = predicted.train;
      const fitted = this.#fit(predicted, weights);
      const found = round === 0 ? this.#kept(probabilities) : fitted.trust;
      const isBlind = gainOverFrequencies(fitted.model, this.#labels) < leastGain;
      const collapsed = isBlind || (round === 0 && 2 * mean(found) < 1);
      const trust = collapsed ? this.#standing.trust : Tensor.from(Float32Array.from(found));
      this.#standing = { round: round + 1, collapsed: before + Number(collapsed), trust, probabilities };
      const other = mostLikely(probabilities).filter((label, row) => label !== this.#labels[row]).length;
      const disagreeing = other / this.#labels.length;
      yield { round: round + 1, l2, trust: mean(collapsed ? trust.data : found), disagreeing, collapsed };
    }
  }

  /**
   * 1 for labels that the confident joint does not take for wrong. Predictions that contradict more than half of the
   * labels do not say that these are wrong.
   */
  #kept(probabilities: Tensor<'float32'>): Float64Array {
    return Float64Array.from(pruneByNoiseRate(probabilities, this.#labels), (flag) => 1 - flag);
  }

  /**
   * How labels seem to go wrong, and the probability that each is right. Without clean samples the temperature is that
   * of the labels as far as they were trusted.
   * @param weights with which the networks were trained
   */
  #fit({ train, validation }: OutOfFold, weights: Float64Array): FittedNoise {
    const temperature =
      validation === undefined
        ? bestTemperature(train, this.#labels, weights)
        : bestTemperature(validation, this.inputs.data.validation.labels.data);
    return fitNoiseWithPairs(atTemperature(train, temperature), this.#labels);
  }

  /** Trust, or where somebody has decided how much the sample counts. */
  #weights(trust: ArrayLike<number>): Float64Array {
    const weights = Float64Array.from(trust);
    for (const [row, decision] of this.inputs.decisions) weights[row] = weightOf(decision);
    return weights;
  }

  /**
   * Rounds whose networks predicted labels that they had not seen no better than the frequencies of the labels do, or
   * contradicted most of them; what was trusted before stayed.
   */
  get collapsed(): number {
    return this.#standing.collapsed;
  }

  /** What the rounds so far have found, and what somebody has decided. */
  get found(): CleanedLabels {
    const { trust, probabilities } = this.#standing;
    const suspicious = Uint8Array.from(trust.data, (weight) => Number(weight < 0.5));
    const suggested = mostLikely(probabilities, (row, label) => suspicious[row] === 1 && label === this.#labels[row]);
    return overruled({ weights: trust.data, suspicious, suggested }, this.inputs.decisions);
  }

  /** A network trained on the samples that are not suspicious or were fixed, and on clean ones. */
  train({ suspicious }: CleanedLabels): Promise<Parameters> {
    return this.#trainer.trainTuned({ weights: this.#weights(Float64Array.from(suspicious, (flag) => 1 - flag)) });
  }

  save(): SavedState {
    const { round, collapsed, ...tensors } = this.#standing;
    return { tensors: new Map(Object.entries(tensors)), values: { round, collapsed } };
  }

  [Symbol.dispose](): void {
    this.#trainer.dispose();
  }
}

/** @throws STATE_MISMATCH for the state of other data than those of `first` */
function restored(first: Standing, { tensors, values }: SavedState): Standing {
  const tensor = (name: 'trust' | 'probabilities'): Tensor<'float32'> => {
    const found = tensors.get(name);
    if (found?.dtype === 'float32' && sameShape(found.shape, first[name].shape)) return found as Tensor<'float32'>;
    throw new BilevelError('STATE_MISMATCH', 'The saved state belongs to other data.');
  };
  const count = (name: 'round' | 'collapsed', most: number): number => {
    const value = isRecord(values) ? Number(values[name]) : Number.NaN;
    if (Number.isInteger(value) && value >= 0 && value <= most) return value;
    throw new BilevelError('STATE_MISMATCH', 'The saved state is not that of a cleaning.');
  };
  const round = count('round', rounds);
  return {
    round,
    collapsed: count('collapsed', round),
    trust: tensor('trust'),
    probabilities: tensor('probabilities'),
  };
}

/** The most likely class of each sample, [n], among those that are not left out. */
function mostLikely(
  { data, shape }: Tensor<'float32'>,
  leftOut: (row: number, label: number) => boolean = () => false,
): Int32Array {
  const [count = 0, classes = 0] = shape;
  return Int32Array.from({ length: count }, (_, row) => {
    let best = -1;
    for (let c = 0; c < classes; c++) {
      if (leftOut(row, c)) continue;
      if (best < 0 || (data[row * classes + c] ?? 0) > (data[row * classes + best] ?? 0)) best = c;
    }
    return best;
  });
}
