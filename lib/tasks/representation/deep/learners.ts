import { type AnyMethod, findMethod } from '../../../solvers/index.js';

interface Learner {
  readonly title: string;
  readonly note: string;
  /** Undefined where there is no level below. */
  readonly method: AnyMethod | undefined;
  /** Options beside those of the study. */
  readonly options: Readonly<Record<string, unknown>>;
}

const learner = (name: string, note: string, options: Learner['options'] = {}): Learner => {
  const method = findMethod(name);
  return { title: method.title, note, method, options };
};

/** Directions of length 1 in every tensor, as in the authors' code. */
const perturbed = { directionMode: 'unitPerTensor', directions: 1 };

/** A Neumann series of as many terms as there are steps of v, near enough, at half of their rate. */
const neumann = { neumannRate: 0.05, neumannFactors: 9 };

/** Every way to learn features, by name. */
export const learners = {
  pzoboS: learner('pzoboS', 'two trainings of the last layer for a difference; no second derivatives', perturbed),
  hozog: learner('hozog', 'a difference of f alone, no gradient by u', perturbed),
  stocbio: learner('stocbio', 'implicit, by a Neumann series on mini-batches', neumann),
  rmd: learner('rmd', 'differentiates through the steps of the last layer'),
  joint: {
    title: 'Joint training',
    note: 'no level below: features and last layer descend one cost on the samples of both levels',
    method: undefined,
    options: {},
  },
} as const satisfies Readonly<Record<string, Learner>>;

export type LearnerName = keyof typeof learners;

export const learnerNames = Object.keys(learners) as readonly LearnerName[];
