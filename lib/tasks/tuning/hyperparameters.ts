import type { Parameters } from '../../network/classifier.js';
import { changeNames, sharesOfChanges } from './augmentation.js';
import type { DenseLayer } from './first-layer.js';

/** What hyperparameters are of: the network and the data. */
export interface Facts {
  /** Names of the network's arrays of parameters that have one coefficient each. */
  readonly arrays: readonly string[];
  /** The first layer, where it is dense. */
  readonly first: DenseLayer | undefined;
  /** What each of its inputs is. */
  readonly inputs: readonly string[];
  readonly classes: readonly string[];
  /** Training samples of each class. */
  readonly counts: readonly number[];
  /** Weight decay that is not tuned, and where coefficients start that are. */
  readonly decay: number;
  /** The network's arrays of parameters, by name, where a training starts. */
  readonly parameters: Parameters;
  /** Learning rate of a training by steps that is not tuned, and where rates start that are. */
  readonly learningRate: number;
}

/** Names of arrays that are not all 0, which a factor changes. */
export const scalableArrays = (parameters: Parameters): string[] =>
  Object.keys(parameters).filter((name) => parameters[name]?.toArray().some((each) => each !== 0));

/** A kind of hyperparameters: numbers that u stands for by their logarithms or logits. */
export interface Hyperparameter {
  /** What it is, for the help. */
  readonly text: string;
  /** Whether it is of a training's way, which has no effect where the training ends when it goes on for ever. */
  readonly ofSteps?: true;
  /** Between which every element of u is kept. */
  readonly range: readonly [low: number, high: number];
  /** What each number belongs to. */
  names(facts: Facts): readonly string[];
  /** Where u starts: hyperparameters of somebody who does not tune. */
  start(facts: Facts): readonly number[];
  /** All of u by one number from 0 to 1, as it is tuned by hand. */
  shared(share: number, facts: Facts): readonly number[];
  /** The numbers that u stands for. */
  values(u: readonly number[], facts: Facts): readonly number[];
}

const logit = (share: number): number => Math.log(share / (1 - share));
const between = ([low, high]: readonly [number, number], share: number): number => low + share * (high - low);

/** Weight decay: u is the logarithm of each coefficient. */
const decayOf = (text: string, names: (facts: Facts) => readonly string[]): Hyperparameter => {
  const range = [Math.log(1e-6), 0] as const;
  return {
    text,
    range,
    names,
    start: (facts) => names(facts).map(() => Math.log(facts.decay)),
    shared: (share, facts) => names(facts).map(() => between(range, share)),
    values: (u) => u.map(Math.exp),
  };
};

/** Weights of classes are exp(u), divided by their mean over the training samples. */
const classWeights: Hyperparameter = {
  text: 'a weight of the loss for each class',
  range: [-Math.log(100), Math.log(100)],
  names: ({ classes }) => classes,
  start: ({ classes }) => classes.map(() => 0),
  // A power of what each class lacks: 0 for weights alike, 1 for classes that weigh alike.
  shared: (share, { counts }) => {
    const [low, high] = classWeights.range;
    const most = Math.max(...counts);
    return counts.map((count) => Math.min(high, Math.max(low, share * Math.log(most / Math.max(1, count)))));
  },
  values: (u, { counts }) => {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const mean = u.reduce((sum, each, label) => sum + ((counts[label] ?? 0) / total) * Math.exp(each), 0);
    return u.map((each) => Math.exp(each) / mean);
  },
};

/** The share is the logistic function of u. */
const labelSmoothing: Hyperparameter = {
  text: 'the share of each label that is spread over all classes',
  range: [logit(1e-3), logit(0.5)],
  names: () => ['share'],
  start: () => [logit(1e-3)],
  shared: (share) => [between(labelSmoothing.range, share)],
  values: (u) => u.map((each) => 1 / (1 + Math.exp(-each))),
};

/** Shares of the loss are those of a softmax over 0, for images as they are, and u. */
const augmentation: Hyperparameter = {
  text: 'how much of the loss is that of images that are shifted, turned, scaled or mirrored at random',
  range: [-7, 2],
  names: () => changeNames,
  start: () => changeNames.map(() => augmentation.range[0]),
  shared: (share) => changeNames.map(() => between(augmentation.range, share)),
  values: sharesOfChanges,
};

const learningRates: Hyperparameter = {
  text: 'the learning rate of each array of parameters, in a training of --steps plain steps',
  ofSteps: true,
  range: [Math.log(1e-4), Math.log(10)],
  names: ({ parameters }) => Object.keys(parameters),
  start: ({ parameters, learningRate }) => Object.keys(parameters).map(() => Math.log(learningRate)),
  shared: (share, { parameters }) => Object.keys(parameters).map(() => between(learningRates.range, share)),
  values: (u) => u.map(Math.exp),
};

const initialValues: Hyperparameter = {
  text: 'a factor of where each array of parameters starts, in such a training',
  ofSteps: true,
  range: [Math.log(0.01), Math.log(10)],
  names: ({ parameters }) => scalableArrays(parameters),
  start: ({ parameters }) => scalableArrays(parameters).map(() => 0),
  shared: (share, { parameters }) => scalableArrays(parameters).map(() => between(initialValues.range, share)),
  values: (u) => u.map(Math.exp),
};

/** All kinds by name. */
export const hyperparameters = {
  l2: decayOf('weight decay, a coefficient for each array of parameters', ({ arrays }) => arrays),
  'feature-l2': decayOf(
    'weight decay of the first layer, a coefficient for each of its inputs; the layer has to be dense',
    ({ inputs }) => inputs,
  ),
  'class-weights': classWeights,
  'label-smoothing': labelSmoothing,
  augmentation,
  'learning-rates': learningRates,
  'initial-values': initialValues,
} as const satisfies Readonly<Record<string, Hyperparameter>>;

export type HyperparameterName = keyof typeof hyperparameters;

export const hyperparameterNames = Object.keys(hyperparameters) as readonly HyperparameterName[];

/** Whether what is tuned is of a training of so many steps, and not of where a training ends. */
export const isOfSteps = (tuned: readonly HyperparameterName[]): boolean =>
  tuned.some((name) => 'ofSteps' in hyperparameters[name]);
