import { type AnyMethod, findMethod } from '../../solvers/index.js';
import { cosineHead, type Head, linearHead } from './head.js';

/** How v adapts to a task of the test, by `adapt`. */
export interface Adapting {
  readonly steps: number;
  readonly optimizer: 'sgd' | 'adam';
  readonly learningRate: number;
  readonly start: 'initial' | 'upper';
}

interface Described {
  readonly title: string;
  readonly note: string;
}

/** Features above, a last layer of each task below. */
interface Heads extends Described {
  readonly kind: 'heads';
  readonly method: AnyMethod;
  readonly head: Head;
  readonly decay: number;
  readonly learnsStart: boolean;
  readonly options: Readonly<Record<string, unknown>>;
  readonly adapting: Adapting;
}

/** A start of all parameters above, all parameters of each task below. */
interface Whole extends Described {
  readonly kind: 'whole';
  readonly method: AnyMethod;
  readonly options: Readonly<Record<string, unknown>>;
  readonly adapting: Adapting;
}

/** A single level: nothing of a task's own is learned in the training. */
interface Single extends Described {
  readonly kind: 'prototypes' | 'classifier';
  readonly adapting: Adapting;
}

/** A way to learn from a few samples. */
export type Approach = Heads | Whole | Single;

/** The last layers of a test: 100 steps of Adam (Mehra and Hamm 2021, supplement E.3), at ten times their rate. */
const trainedHeads: Adapting = { steps: 100, optimizer: 'adam', learningRate: 1e-2, start: 'initial' };

/** Last layers are trained anew for each meta-batch. */
const anew = { warmStart: false, lowerOptimizer: 'adam', lowerLearningRate: 0.1, lowerSteps: 20 } as const;

const heads = (name: string, given: Partial<Heads> & Pick<Heads, 'note' | 'options'>): Heads => {
  const method = findMethod(name);
  const usual = { head: cosineHead, decay: 0, learnsStart: false, adapting: trainedHeads };
  return { kind: 'heads', title: method.title, method, ...usual, ...given };
};

/**
 * The zeroth-order methods as in the few-shot experiments of Sow, Ji and Liang 2022: plain last layers with weight
 * decay.
 */
const perturbed = {
  head: linearHead,
  decay: 0.2,
  options: {
    lowerSteps: 50,
    lowerOptimizer: 'momentum',
    lowerLearningRate: 0.01,
    warmStart: false,
    smoothing: 0.1,
    directionMode: 'unitPerTensor',
  },
  adapting: { steps: 50, optimizer: 'sgd', learningRate: 0.1, start: 'initial' },
} as const;

const meta = (lowerSteps: number, learningRate: number) =>
  ({
    options: { lowerSteps, lowerLearningRate: learningRate },
    adapting: { steps: lowerSteps, optimizer: 'sgd', learningRate, start: 'upper' },
  }) as const;

/** Every way by name. */
export const approaches = {
  penalty: heads('penalty', {
    title: 'Penalty',
    note: 'features above, cosine last layers of each task below',
    options: { lowerSteps: 40, lowerLearningRate: 0.1, warmStart: false },
  }),
  approxGrad: heads('approxGrad', {
    note: 'the same problem',
    options: { ...anew, linearSteps: 20, linearLearningRate: 0.01 },
  }),
  rmd: heads('rmd', { note: 'the same problem', options: { ...anew, lowerOptimizer: 'sgd', lowerLearningRate: 0.1 } }),
  pzobo: heads('pzobo', { note: 'features above, last layers below, no second derivatives', ...perturbed }),
  pzoboS: heads('pzoboS', { note: 'the same problem, mini-batches in every step', ...perturbed }),
  anil: heads('anil', {
    note: 'features and a start of the last layers above',
    head: linearHead,
    learnsStart: true,
    ...meta(5, 0.1),
  }),
  maml: {
    kind: 'whole',
    title: 'MAML',
    note: 'a start of all parameters',
    method: findMethod('maml'),
    ...meta(1, 0.5),
  },
  imaml: {
    kind: 'whole',
    title: 'iMAML',
    note: 'a start that tasks stay near',
    method: findMethod('imaml'),
    options: { lowerSteps: 16, lowerLearningRate: 0.05, proximity: 0.5, negativeCurvature: 'stop' },
    adapting: { steps: 16, optimizer: 'sgd', learningRate: 0.05, start: 'upper' },
  },
  protoNet: {
    kind: 'prototypes',
    title: 'ProtoNet',
    note: 'no level below: distances from means of features',
    adapting: { ...trainedHeads, steps: 0 },
  },
  fineTuning: {
    kind: 'classifier',
    title: 'Fine-tuning',
    note: 'no level below: a classifier of all training classes, then last layers',
    adapting: trainedHeads,
  },
} as const satisfies Readonly<Record<string, Approach>>;

export type ApproachName = keyof typeof approaches;

export const approachNames = Object.keys(approaches) as readonly ApproachName[];
