import { powerLaw } from '../../schedules/index.js';
import type { ChosenSettings } from '../task.js';

const all = Number.POSITIVE_INFINITY;

const paper = 'code of Yang, Ji and Liang 2021';
const likeMrbo = `series and mini-batch of MRBO in the ${paper}, with the method's own schedules`;
const likeOthers = `rates of the ${paper} for other methods; the rest are defaults of the method`;

/** What the paper's methods have in common: both learning rates, lower steps, and the Neumann series. */
const rates = { upperLearningRate: 0.1, lowerLearningRate: 0.1 };
const doubleLoop = { ...rates, lowerSteps: 200 };
const series = { neumannRate: 0.5, neumannFactors: 3 };
const randomSeries = { neumannRate: 0.5, neumannTerms: 3 };

/**
 * The momentum methods with the same constant rates, momentum, series and mini-batches, under names such as
 * `vrboAlike`: the settings of the code give MRBO constant steps, and SUSTAIN and MSTSA falling ones.
 */
const alike = (methods: Readonly<Record<string, ChosenSettings['options']>>): Record<string, ChosenSettings> =>
  Object.fromEntries(
    Object.entries(methods).map(([method, options]) => [
      `${method}Alike`,
      { method, batch: 1000, options: { ...options, ...rates }, source: 'the same for all momentum methods' },
    ]),
  );

/** The settings by method. The first are those of the paper's experiment, as far as its code has them. */
export const methodSettings: Readonly<Record<string, ChosenSettings>> = {
  vrbo: {
    batch: 32,
    options: { ...rates, ...series, innerSteps: 20, period: 3 },
    source: `${paper}, with the best number of inner steps of its study; exact estimates are on all rows, not on 1000`,
  },
  mrbo: {
    batch: 1000,
    options: { ...rates, ...series, lowerMomentumRate: 0.9, upperMomentumRate: 0.9 },
    source: paper,
  },
  stocbio: { batch: 1000, options: { ...doubleLoop, ...series }, source: paper },
  aidFp: { batch: all, options: { ...doubleLoop, linearSteps: 3 }, source: paper },
  aidCg: { batch: all, options: { ...doubleLoop, linearSteps: 3 }, source: paper },
  reverse: { batch: all, options: { ...doubleLoop, backwardSteps: 3 }, source: paper },
  bsa: { batch: 1, options: { ...doubleLoop, ...randomSeries }, source: paper },
  ttsa: { batch: 1, options: randomSeries, source: `${paper}, with the method's own schedules` },
  mstsa: {
    batch: 1,
    options: {
      ...series,
      momentumRate: 0.5,
      upperLearningRate: powerLaw(0.1, 1 / 2),
      lowerLearningRate: powerLaw(0.1, 1 / 2),
    },
    source: paper,
  },
  sustain: { batch: 1000, options: randomSeries, source: likeMrbo },
  stable: { batch: 1000, options: rates, source: paper },
  penalty: {
    batch: 1000,
    options: { ...rates, variant: 'paper', upperOptimizer: 'sgd', lowerOptimizer: 'sgd', lowerSteps: 20 },
    source: likeOthers,
  },
  soba: { batch: 1000, options: rates, source: likeOthers },
  saba: { batch: 1000, options: rates, source: likeOthers },
  srba: { batch: 1000, options: rates, source: likeOthers },
  f2sa: {
    batch: 1000,
    options: { ...rates, innerLearningRate: 0.1, lowerLearningRate: powerLaw(0.1, 1 / 2) },
    source: `${likeOthers}; the rate of v falls, because the growing lambda multiplies it`,
  },
  amigo: { batch: 1000, options: rates, source: likeOthers },
  pzoboS: { batch: 1000, options: rates, source: likeOthers },
  ...alike({
    vrbo: { ...series, innerSteps: 20, period: 3 },
    mrbo: { ...series, lowerMomentumRate: 0.9, upperMomentumRate: 0.9 },
    sustain: { ...randomSeries, momentumRate: 0.9 },
    mstsa: { ...series, momentumRate: 0.9 },
  }),
};
