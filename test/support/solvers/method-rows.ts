import { schedules } from '../../../lib/schedules/index.js';
import type { methods } from '../../../lib/solvers/index.js';

export interface MethodRow {
  /** Options for the small importance-learning problem, where a few iterations must stay finite. */
  readonly small: Readonly<Record<string, unknown>>;
  /** Options with which the quadratic problem P1 is solved, and how near u and v then are to 1/2. */
  readonly p1:
    | { readonly options: Readonly<Record<string, unknown>>; readonly iterations: number; readonly within: number }
    | 'does not solve it';
  /**
   * Mini-batches that an iteration between full passes draws with these options, by how much it evaluates; 1 by
   * default.
   */
  readonly draws?: (evaluations: number) => number;
  /** Whether it draws random numbers of its own, so that trials side by side differ from trials alone. */
  readonly random?: true;
}

const rates = { upperLearningRate: 0.05, lowerLearningRate: 0.1 };

/** The old and the present point are evaluated on the same. */
const halfOf = (evaluations: number): number => evaluations / 2;

/** With the Hessian 2 the random term is 1 or 0, and 1/2 on average: u comes to rest as its rate falls. */
const randomTerm = {
  options: {
    upperLearningRate: schedules.geometric(0.1, 0.997),
    lowerLearningRate: 0.2,
    neumannRate: 0.5,
    neumannTerms: 2,
  },
  iterations: 2500,
  within: 0.05,
} as const;

/** What the contract of methods is tested with, for every method of the registry. */
export const methodRows: Readonly<Record<keyof typeof methods, MethodRow>> = {
  penalty: {
    small: { ...rates, lowerSteps: 4, growth: 'never' },
    p1: {
      options: {
        variant: 'paper',
        gamma: 1,
        lambda: 0,
        growth: 'everyIteration',
        gammaFactor: 1,
        lowerOptimizer: 'sgd',
        upperOptimizer: 'sgd',
        upperLearningRate: 0.1,
        lowerLearningRate: 0.15,
      },
      iterations: 400,
      within: 1e-4,
    },
  },
  gd: { small: { ...rates, lowerSteps: 4 }, p1: 'does not solve it' },
  aidCg: {
    small: { ...rates, lowerSteps: 4, linearSteps: 3, tikhonov: 0.5 },
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2, linearSteps: 2 }, iterations: 200, within: 1e-5 },
  },
  aidFp: {
    small: { ...rates, lowerSteps: 4, linearSteps: 3 },
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 200, within: 1e-5 },
  },
  amigo: {
    small: { ...rates, lowerSteps: 4, linearSteps: 3 },
    draws: (evaluations) => evaluations,
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 200, within: 1e-5 },
  },
  stocbio: {
    small: { ...rates, lowerSteps: 4, neumannFactors: 3 },
    draws: (evaluations) => evaluations,
    p1: {
      options: { upperLearningRate: 0.1, lowerLearningRate: 0.2, neumannRate: 0.4 },
      iterations: 200,
      within: 1e-5,
    },
  },
  bsa: {
    small: { ...rates, lowerSteps: 4, neumannTerms: 3 },
    draws: (evaluations) => evaluations,
    p1: randomTerm,
  },
  ttsa: {
    small: { ...rates, neumannTerms: 3 },
    draws: (evaluations) => evaluations,
    p1: randomTerm,
  },
  approxGrad: {
    small: { ...rates, lowerSteps: 4, linearSteps: 3, linearLearningRate: 0.05 },
    p1: {
      options: {
        upperLearningRate: schedules.geometric(0.05, 0.995),
        lowerLearningRate: 0.05,
        linearLearningRate: 0.05,
        lowerSteps: 10,
        linearSteps: 10,
        tikhonov: 0,
      },
      iterations: 1200,
      within: 1e-3,
    },
  },
  mrbo: {
    small: { ...rates, neumannFactors: 3 },
    draws: halfOf,
    p1: {
      options: { upperLearningRate: 0.1, lowerLearningRate: 0.2, neumannRate: 0.3, neumannFactors: 20 },
      iterations: 300,
      within: 1e-5,
    },
  },
  sustain: {
    small: { ...rates, neumannTerms: 3 },
    draws: halfOf,
    p1: {
      options: { upperLearningRate: 0.1, lowerLearningRate: 0.2, neumannRate: 0.5, neumannTerms: 1 },
      iterations: 300,
      within: 1e-5,
    },
  },
  mstsa: {
    small: { ...rates, neumannFactors: 3 },
    draws: () => 6,
    p1: {
      options: { upperLearningRate: 0.1, lowerLearningRate: 0.2, neumannRate: 0.3, neumannFactors: 20 },
      iterations: 300,
      within: 1e-5,
    },
  },
  stable: {
    small: { ...rates, tikhonov: 0.5 },
    draws: () => 2,
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 200, within: 1e-5 },
  },
  vrbo: {
    small: { ...rates, innerSteps: 4, neumannFactors: 3 },
    draws: () => 25,
    p1: {
      options: {
        upperLearningRate: 0.1,
        lowerLearningRate: 0.2,
        innerSteps: 3,
        neumannRate: 0.3,
        neumannFactors: 20,
      },
      iterations: 200,
      within: 1e-5,
    },
  },
  maSoba: {
    small: rates,
    p1: { options: { upperLearningRate: 0.05, lowerLearningRate: 0.2 }, iterations: 600, within: 1e-5 },
  },
  fsla: {
    small: rates,
    draws: () => 3,
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 400, within: 1e-5 },
  },
  saba: {
    small: { ...rates, memoryStart: 'full' },
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 400, within: 1e-5 },
  },
  srba: {
    small: { ...rates, period: 3 },
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 400, within: 1e-5 },
  },
  soba: {
    small: rates,
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 400, within: 1e-5 },
  },
  pzobo: {
    small: { ...rates, lowerSteps: 4, directions: 3 },
    p1: {
      options: {
        upperLearningRate: 0.1,
        lowerLearningRate: 0.4,
        directions: 4,
        directionMode: 'coordinates',
        smoothing: 1,
      },
      iterations: 200,
      within: 1e-5,
    },
  },
  hozog: {
    small: { ...rates, lowerSteps: 4, directions: 3 },
    p1: {
      options: {
        upperLearningRate: 0.1,
        lowerLearningRate: 0.4,
        directions: 4,
        directionMode: 'coordinates',
        smoothing: 0.01,
      },
      iterations: 200,
      within: 0.006,
    },
  },
  pzoboS: {
    small: { ...rates, lowerSteps: 4, directions: 3 },
    draws: () => 5,
    p1: {
      options: {
        upperLearningRate: 0.1,
        lowerLearningRate: 0.4,
        directions: 4,
        directionMode: 'coordinates',
        smoothing: 1,
      },
      iterations: 200,
      within: 1e-5,
    },
  },
  bome: {
    small: { ...rates, innerLearningRate: 0.1, lowerSteps: 4 },
    p1: {
      options: {
        upperLearningRate: schedules.powerLaw(0.1, 0.5),
        lowerLearningRate: schedules.powerLaw(0.1, 0.5),
        innerLearningRate: 0.4,
      },
      iterations: 400,
      within: 0.01,
    },
  },
  f2sa: {
    small: { ...rates, innerLearningRate: 0.1, lowerSteps: 4 },
    draws: () => 5,
    p1: {
      options: {
        multiplier: 100,
        multiplierGrowth: 0,
        upperLearningRate: 0.05,
        lowerLearningRate: 0.004,
        innerLearningRate: 0.4,
        lowerSteps: 20,
      },
      iterations: 200,
      within: 0.005,
    },
  },
  f2ba: {
    small: { ...rates, lowerSteps: 4 },
    p1: {
      options: { difference: 'central', perturbation: 0.01, upperLearningRate: 0.1, lowerLearningRate: 0.4 },
      iterations: 100,
      within: 0.006,
    },
  },
  vPbgd: {
    small: { ...rates, innerLearningRate: 0.1, lowerSteps: 4, gamma: 1 },
    p1: {
      options: {
        gamma: 100,
        upperLearningRate: 0.3,
        lowerLearningRate: 0.3,
        innerLearningRate: 0.4,
        lowerSteps: 10,
      },
      iterations: 2000,
      within: 0.005,
    },
  },
  gPbgd: {
    small: { ...rates, gamma: 1 },
    p1: {
      options: { gamma: 30, upperLearningRate: 0.05, lowerLearningRate: 0.05 },
      iterations: 4000,
      within: 0.005,
    },
  },
  meha: {
    small: { ...rates, innerLearningRate: 0.1 },
    p1: {
      options: { penalty: 100, upperLearningRate: 0.2, lowerLearningRate: 0.2, innerLearningRate: 0.3 },
      iterations: 4000,
      within: 0.01,
    },
  },
  fmd: {
    small: { ...rates, lowerSteps: 4 },
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 200, within: 1e-5 },
  },
  darts: {
    small: rates,
    p1: {
      options: { upperOptimizer: 'sgd', upperLearningRate: 0.1, lowerLearningRate: 0.5 },
      iterations: 200,
      within: 1e-5,
    },
  },
  bda: {
    small: { ...rates, lowerSteps: 4 },
    p1: {
      options: { upperLearningRate: 0.1, lowerLearningRate: 0.4, upperScale: 0.1, lowerSteps: 400, aggregation: 0.01 },
      iterations: 60,
      within: 0.02,
    },
  },
  maml: {
    small: { ...rates, lowerSteps: 4 },
    p1: {
      options: { upperOptimizer: 'sgd', upperLearningRate: 0.1, lowerLearningRate: 0.2, lowerSteps: 30 },
      iterations: 200,
      within: 1e-5,
    },
  },
  anil: {
    small: { ...rates, lowerSteps: 4 },
    p1: {
      options: { upperOptimizer: 'sgd', upperLearningRate: 0.1, lowerLearningRate: 0.2, lowerSteps: 30 },
      iterations: 200,
      within: 1e-5,
    },
  },
  imaml: {
    small: { ...rates, lowerSteps: 4, linearSteps: 3 },
    p1: {
      options: {
        upperOptimizer: 'sgd',
        upperLearningRate: 0.1,
        lowerLearningRate: 0.2,
        lowerSteps: 30,
        proximity: 1e-5,
      },
      iterations: 200,
      within: 1e-4,
    },
  },
  rmd: {
    small: { ...rates, lowerSteps: 4 },
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 200, within: 1e-5 },
  },
  itd: {
    small: { ...rates, lowerSteps: 4 },
    p1: { options: { upperLearningRate: 0.1, lowerLearningRate: 0.2 }, iterations: 200, within: 1e-5 },
  },
  reverse: {
    small: { ...rates, lowerSteps: 4, backwardSteps: 2 },
    p1: {
      options: { upperLearningRate: 0.1, lowerLearningRate: 0.2, lowerSteps: 40, backwardSteps: 30 },
      iterations: 200,
      within: 1e-5,
    },
  },
  tRhg: {
    small: { ...rates, lowerSteps: 4, backwardSteps: 3 },
    p1: {
      options: { upperLearningRate: 0.1, lowerLearningRate: 0.2, lowerSteps: 40, backwardSteps: 30 },
      iterations: 200,
      within: 1e-5,
    },
  },
};
