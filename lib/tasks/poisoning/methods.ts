import type { GivenOptions } from '../../options.js';
import { constant, cosine, geometric, type Schedule } from '../../schedules/index.js';
import type { approxGrad, PenaltyOptions, rmd } from '../../solvers/index.js';

/** How points are poisoned: by a bilevel method, or without any. */
export const poisoners = {
  none: { title: 'No poison', note: 'the clean points alone' },
  labelFlip: { title: 'Label flips', note: 'validation points with wrong labels, pixels as they are' },
  rmd: { title: 'RMD', note: 'differentiates through the last 20 steps of v' },
  approxGrad: { title: 'ApproxGrad', note: 'implicit, the linear system by least squares' },
  penalty: {
    title: 'Penalty',
    note: 'v descends f, too: f where it stands is not what the poison does',
  },
} as const;

export type PoisonerName = keyof typeof poisoners;
export const poisonerNames = Object.keys(poisoners) as PoisonerName[];

/** What a bilevel method is given. */
interface Given {
  readonly penalty: PenaltyOptions;
  readonly approxGrad: GivenOptions<typeof approxGrad.options>;
  readonly rmd: GivenOptions<typeof rmd.options>;
}

/** Settings of the bilevel methods for so many iterations, and how many these are unless others are asked for. */
export interface Preset {
  readonly iterations: number;
  readonly options: (iterations: number) => Given;
}

/** Plain steps of v are stable below 2 over the largest curvature of g, which is 2.3 where MNIST's attack starts. */
const plain: Given['rmd'] = {
  upperOptimizer: 'adam',
  upperLearningRate: constant(0.01),
  lowerLearningRate: constant(0.3),
};

const ratesOf = (upper: number | Schedule, lower: number, linear: number): Given['approxGrad'] => ({
  upperLearningRate: upper,
  lowerLearningRate: constant(lower),
  linearLearningRate: constant(linear),
});

/** The factor that brings a number from `first` to `last` in so many steps, to as many digits as are typed. */
const factor = (first: number, last: number, steps: number): number =>
  Number(((last / first) ** (1 / steps)).toFixed(5));

/**
 * v is held ever nearer to the lower solution by a gamma that grows in every iteration, whatever a test says, while the
 * steps of v become smaller as the penalty becomes steeper. Steps of u are small: pixels that have come to an end of
 * [0, 1] while the hypergradient was rough seldom leave it.
 */
const held = (
  iterations: number,
  {
    gamma,
    lambda,
    lastLambda,
    upper,
  }: Readonly<Record<'gamma' | 'lambda' | 'lastLambda', number>> & { readonly upper: Schedule },
): PenaltyOptions => ({
  variant: 'paper',
  warmUpSteps: 500,
  multipliers: false,
  growth: 'everyIteration',
  growthLimit: 10_000,
  gamma,
  gammaFactor: factor(gamma, 5000, iterations),
  lambda,
  lambdaFactor: factor(lambda, lastLambda, iterations),
  epsilonFactor: 1,
  lowerSteps: 40,
  lowerFall: 0.95,
  lowerLearningRate: geometric(5e-3, factor(5e-3, 1.4e-4, iterations)),
  upperLearningRate: upper,
});

const tuned = (penaltyFor: (iterations: number) => PenaltyOptions): Preset => ({
  iterations: 400,
  options: (iterations) => ({
    penalty: penaltyFor(iterations),
    approxGrad: ratesOf(cosine(0.03, 0.002, iterations), 2e-3, 2e-2),
    rmd: plain,
  }),
});

const authors = (lambda: number, lower: number, approxGradRates: Given['approxGrad']): Preset => ({
  iterations: 5000,
  options: () => ({
    penalty: {
      variant: 'authors',
      warmUpSteps: 1000,
      gamma: 10,
      epsilon: 1,
      lambda,
      nu: 0,
      upperLearningRate: constant(0.1),
      lowerLearningRate: constant(lower),
    },
    approxGrad: approxGradRates,
    rmd: plain,
  }),
});

/** By what the option `settings` says, and by attack. */
export const presets = {
  // Without a lower bound of f, lambda has to hold v until gamma does.
  tuned: {
    untargeted: tuned((iterations) =>
      held(iterations, { gamma: 100, lambda: 6, lastLambda: 0.8, upper: cosine(0.02, 0.003, iterations) }),
    ),
    targeted: tuned((iterations) =>
      held(iterations, { gamma: 30, lambda: 1, lastLambda: 1, upper: cosine(0.015, 0.002, iterations) }),
    ),
  },
  authors: {
    untargeted: authors(100, 1e-3, ratesOf(1e-2, 1e-3, 1e-2)),
    targeted: authors(1, 1e-4, ratesOf(1e-3, 1e-4, 1e-3)),
  },
} as const satisfies Readonly<Record<string, Readonly<Record<'untargeted' | 'targeted', Preset>>>>;
