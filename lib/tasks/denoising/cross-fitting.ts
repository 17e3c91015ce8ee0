import type { Parameters } from '../../network/classifier.js';
import { Tensor } from '../../tensor.js';
import { foldsOf } from './folds.js';
import { givenProbabilities, type Trainer, type Training } from './trainer.js';

export interface CrossFitting {
  /** Weights of the training samples, [n]; by default 1. */
  readonly weights?: ArrayLike<number>;
  readonly l2: Training['l2'];
  /** Length of the trainings, as theirs. */
  readonly share?: number;
  /** Networks, each trained without one fold of the training samples; 4 by default. */
  readonly folds?: number;
  /** How many of them are trained, those without the first folds; all by default. */
  readonly networks?: number;
  /** Each round deals the samples out anew; 0 by default. */
  readonly round?: number;
  /** Whether the validation samples are dealt out as well; by default every network is trained on all of them. */
  readonly dealValidation?: boolean;
}

/** Probabilities of the classes by networks that were not trained on the sample, float32 [n, classes]. */
export interface OutOfFold {
  readonly train: Tensor<'float32'>;
  /** Undefined where the validation samples were not dealt out, or are fewer than folds. */
  readonly validation: Tensor<'float32'> | undefined;
}

export interface CrossFitted extends OutOfFold {
  /** Of the networks, by fold. */
  readonly parameters: readonly Parameters[];
  /** The fold of each sample, [n]; of the validation samples where they were dealt out. */
  readonly trainFolds: Int32Array;
  readonly validationFolds: Int32Array | undefined;
}

/** Trains networks, each without one fold, and predicts each fold by the network that did not see it. */
export async function crossFit(
  trainer: Trainer,
  { weights, l2, share = 1, folds = 4, networks = folds, round = 0, dealValidation = false }: CrossFitting,
): Promise<CrossFitted> {
  const { train, validation, classes } = trainer.data;
  const deal = (count: number, of: string): Int32Array | undefined =>
    foldsOf(count, folds, trainer.seed, `cross-fitting ${of} ${round}`);
  const trainFolds = deal(trainer.count, 'train') ?? new Int32Array(trainer.count).map((_, row) => row);
  const validationFolds = dealValidation ? deal(validation.labels.size, 'validation') : undefined;
  const empty = (count: number): Tensor<'float32'> => Tensor.zeros([count, classes.length]);
  const result = {
    train: empty(trainer.count),
    validation: validationFolds && empty(validation.labels.size),
  };
  const trained: Parameters[] = [];
  for (let fold = 0; fold < Math.min(networks, trainer.count); fold++) {
    const others = Float64Array.from(trainFolds, (each, row) => (each === fold ? 0 : (weights?.[row] ?? 1)));
    const parameters = await trainer.train({
      weights: others,
      share,
      validation: (row) => validationFolds?.[row] !== fold,
      l2,
      draw: fold,
    });
    trained.push(parameters);
    copyRows(result.train, await trainer.probabilities(train.inputs, parameters), (row) => trainFolds[row] === fold);
    if (result.validation === undefined) continue;
    const held = await trainer.probabilities(validation.inputs, parameters);
    copyRows(result.validation, held, (row) => validationFolds?.[row] === fold);
  }
  return { ...result, parameters: trained, trainFolds, validationFolds };
}

function copyRows(to: Tensor<'float32'>, from: Tensor<'float32'>, chosen: (row: number) => boolean): void {
  const [count = 0, width = 0] = to.shape;
  for (let row = 0; row < count; row++) {
    if (chosen(row)) to.data.set(from.data.subarray(row * width, (row + 1) * width), row * width);
  }
}

/** The probability of every given label by a network that was not trained on it, [n]. */
export async function crossFittedGiven(trainer: Trainer, given: CrossFitting): Promise<Float64Array> {
  return givenProbabilities((await crossFit(trainer, given)).train, trainer.data.train.labels);
}
