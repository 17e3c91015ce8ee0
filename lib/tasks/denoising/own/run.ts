import type { Dataset } from '../../../data/sources/source.js';
import type { Device } from '../../../engine/index.js';
import { BilevelError, isRecord } from '../../../errors.js';
import { checkFit, checkTokens, type Parameters, type Samples } from '../../../network/classifier.js';
import { loadModel } from '../../../network/models.js';
import type { Network } from '../../../onnx/index.js';
import type { Decisions } from '../../../review/index.js';
import type { SavedState } from '../../../solvers/index.js';
import { Tensor } from '../../../tensor.js';
import { normalizedMargins, pruneByNoiseRate } from '../baselines/confident-learning.js';
import { crossFit } from '../cross-fitting.js';
import type { DenoisingData } from '../data.js';
import { givenProbabilities, Trainer } from '../trainer.js';
import type { CleanedLabels } from './cleaned-labels.js';
import { decisionsOn, overruled, weightOf, withFixed } from './decisions.js';
import { type CleaningSettings, loadOwnData } from './settings.js';

/** Rounds of cross-fitting: in each, networks are trained with the weights of the one before. */
export const rounds = 2;

export interface CleaningInputs {
  readonly dataset: Dataset;
  readonly network: Network;
  /** The labels of `train` with those that somebody has fixed. */
  readonly data: DenoisingData;
  /** The labels as the owner gave them, int64 [n]. */
  readonly given: Tensor<'int64'>;
  readonly decisions: Decisions;
}

/**
 * @throws what loadDataset, loadModel and decisionsOn throw; SHAPE_MISMATCH and INVALID_DATA where network and data do
 *   not fit
 */
export async function loadCleaningInputs(settings: CleaningSettings): Promise<CleaningInputs> {
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
  /** Mean probability of the given labels by networks that were not trained on them. */
  readonly trust: number;
  /** Share of the samples whose given label is not the most likely one. */
  readonly disagreeing: number;
}

/**
 * Judges labels of which none is known to be right: every label by networks that were not trained on it, each trained
 * with the weights that the round before gave the labels of the others. Clean samples, where there are some, are
 * trained on by all networks and choose the penalty.
 */
export class CleaningRun implements Disposable {
  readonly inputs: CleaningInputs;
  readonly #trainer: Trainer;
  #round: number;
  /** Probabilities of the classes by networks that were not trained on the sample, [n, classes]. */
  #probabilities: Tensor;

  /** @throws STATE_MISMATCH for a saved state of other data */
  constructor(
    inputs: CleaningInputs,
    settings: CleaningSettings,
    device: Device,
    signal: AbortSignal,
    saved?: SavedState,
  ) {
    const { network, data } = inputs;
    this.inputs = inputs;
    this.#trainer = new Trainer(network, data, settings, device, signal);
    const shape = [data.train.labels.size, data.classes.length];
    this.#round = 0;
    // Before the first round every label counts the same.
    this.#probabilities = Tensor.from(new Float32Array(shape.reduce((a, b) => a * b)).fill(0.5), shape);
    if (saved !== undefined) this.#restore(saved);
  }

  /** The remaining rounds. @throws ABORTED, NON_FINITE */
  async *rounds(): AsyncGenerator<RoundReport, void, undefined> {
    while (this.#round < rounds) {
      const weights = this.#given;
      const { l2, share } = await this.#trainer.tune(weights);
      const { train } = await crossFit(this.#trainer, { weights, l2, share, round: this.#round });
      this.#probabilities = train;
      this.#round++;
      const { labels } = this.inputs.data.train;
      const other = this.#suggested().filter((label, row) => BigInt(label) !== labels.data[row]).length;
      const trust = this.#given.reduce((sum, weight) => sum + weight, 0) / labels.size;
      yield { round: this.#round, l2, trust, disagreeing: other / labels.size };
    }
  }

  /** Probability of each given label, [n], which the next round weights its samples by. */
  get #given(): Float64Array {
    const { data, decisions } = this.inputs;
    const weights = givenProbabilities(this.#probabilities as Tensor<'float32'>, data.train.labels);
    for (const [row, decision] of decisions) weights[row] = weightOf(decision);
    return weights;
  }

  /** What the rounds so far have found, and what somebody has decided. */
  get found(): CleanedLabels {
    const { labels } = this.inputs.data.train;
    const given = Int32Array.from(labels.data, Number);
    const probabilities = this.#probabilities as Tensor<'float32'>;
    // Below 1/2 where another class is more likely.
    const weights = normalizedMargins(probabilities, given);
    // The confident joint says how many are wrong; they are sought where another class is most clearly more likely.
    const wrong = pruneByNoiseRate(probabilities, given).filter(Boolean).length;
    const doubtful = [...given.keys()].filter((row) => (weights[row] ?? 1) < 0.5);
    const lightest = doubtful.sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0) || a - b).slice(0, wrong);
    const suspicious = new Uint8Array(given.length);
    for (const row of lightest) suspicious[row] = 1;
    return overruled({ weights, suspicious, suggested: this.#suggested() }, this.inputs.decisions);
  }

  /** A network trained on the samples that are not suspicious or were fixed, and on clean ones. */
  train({ suspicious }: CleanedLabels): Promise<Parameters> {
    const weights = Float64Array.from(suspicious, (flag) => 1 - flag);
    for (const [row, decision] of this.inputs.decisions) weights[row] = weightOf(decision);
    return this.#trainer.trainTuned({ weights });
  }

  save(): SavedState {
    return { tensors: new Map([['probabilities', this.#probabilities]]), values: { round: this.#round } };
  }

  #restore({ tensors, values }: SavedState): void {
    const probabilities = tensors.get('probabilities');
    const round = isRecord(values) ? values.round : undefined;
    const fits =
      probabilities?.dtype === 'float32' &&
      probabilities.shape.join() === this.#probabilities.shape.join() &&
      Number.isInteger(round) &&
      Number(round) >= 0 &&
      Number(round) <= rounds;
    if (!fits) throw new BilevelError('STATE_MISMATCH', 'The saved state belongs to other data.');
    this.#probabilities = probabilities;
    this.#round = Number(round);
  }

  /** The most likely class of each sample, [n]. */
  #suggested(): Int32Array {
    const { data, shape } = this.#probabilities as Tensor<'float32'>;
    const [count = 0, classes = 0] = shape;
    return Int32Array.from({ length: count }, (_, row) => {
      let best = 0;
      for (let c = 1; c < classes; c++) {
        if ((data[row * classes + c] ?? 0) > (data[row * classes + best] ?? 0)) best = c;
      }
      return best;
    });
  }

  [Symbol.dispose](): void {
    this.#trainer.dispose();
  }
}
