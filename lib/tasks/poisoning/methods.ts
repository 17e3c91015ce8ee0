import { constant, cosine } from '../../schedules/index.js';
import type { approxGrad, penalty, rmd } from '../../solvers/index.js';

const source = 'Mehra and Hamm 2021, supplement D.2';

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

/** Settings of the bilevel methods for either attack, and how many iterations they are made for. */
export interface Preset {
  readonly iterations: number;
  readonly source: string;
  readonly penalty: Parameters<typeof penalty.validate>[0];
  readonly approxGrad: Parameters<typeof approxGrad.validate>[0];
  readonly rmd: Parameters<typeof rmd.validate>[0];
}

/** Plain steps of v are stable below 2 over the largest curvature of g, which is near 15 on MNIST's pixels. */
const plain = { upperOptimizer: 'adam', lowerLearningRate: constant(0.1) } as const;

export const presets = {
  tuned: {
    iterations: 400,
    source: 'tuned here',
    penalty: {
      ...{ gamma: 300, lambda: 3, lambdaFactor: 1.1, lowerSteps: 40 },
      upperLearningRate: cosine(0.03, 0.003, 400),
      lowerLearningRate: constant(0.02),
    },
    approxGrad: {
      upperLearningRate: constant(0.01),
      lowerLearningRate: constant(1e-3),
      linearLearningRate: constant(1e-2),
    },
    rmd: { ...plain, upperLearningRate: constant(0.01) },
  },
  authors: {
    iterations: 5000,
    source,
    penalty: {
      variant: 'authors',
      ...{ gamma: 10, epsilon: 1, lambda: 100, nu: 0, warmUpSteps: 1000 },
      upperLearningRate: constant(0.1),
      lowerLearningRate: constant(1e-3),
    },
    approxGrad: {
      upperLearningRate: constant(0.01),
      lowerLearningRate: constant(1e-3),
      linearLearningRate: constant(1e-2),
    },
    rmd: { ...plain, upperLearningRate: constant(0.01) },
  },
} as const satisfies Readonly<Record<string, Preset>>;
