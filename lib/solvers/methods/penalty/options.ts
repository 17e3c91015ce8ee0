import { definedOnly, type Options, validateOptions } from '../../../options.js';
import type { PenaltyOptions } from '../../method-options.js';
import { levelOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { convergenceTestNames } from './convergence.js';

const printed = 'Mehra and Hamm 2021, Algorithm 2';
const denoising = 'Mehra and Hamm 2021, supplement E.2';

/** Options of the penalty method. Both levels have the same kinds of options; names say which level is meant. */
export const penaltyOptions = {
  variant: {
    kind: 'choice',
    values: ['adaptive', 'paper', 'authors'],
    default: 'adaptive',
    text: "Defaults of all other options: those that adapt to the problem, those of the paper's Algorithm 2 and its experiments, or those of its authors' code.",
  },
  units: {
    kind: 'choice',
    values: ['relative', 'absolute'],
    default: 'relative',
    text: 'In what gamma, lambda and the rate of v are given: in units of the problem, measured after the warm-up, or as they stand in the equations.',
  },
  warmUpSteps: {
    kind: 'integer',
    min: 0,
    max: 1_000_000,
    default: 200,
    text: 'Steps of v along grad_v g alone before the first iteration, each on a new mini-batch; none without a warm start.',
  },
  lowerSteps: lowerStepsOption(20, denoising),
  warmStart: warmStartOption(true),
  gamma: {
    kind: 'number',
    above: 0,
    default: 30,
    text: 'First weight of the penalty |grad_v g|^2 / 2.',
  },
  gammaFactor: { kind: 'number', min: 1, default: 1.2, text: 'Factor of gamma at each growth.' },
  epsilon: {
    kind: 'number',
    above: 0,
    default: 0.5,
    text: 'First tolerance of the convergence test.',
  },
  epsilonFactor: {
    kind: 'number',
    above: 0,
    max: 1,
    default: 1,
    text: 'Factor of epsilon at each growth.',
  },
  lambda: {
    kind: 'number',
    min: 0,
    default: 30,
    text: 'First weight of g itself in the steps of v, which keeps v from maxima and saddles of g; 0 turns it off.',
  },
  lambdaFactor: {
    kind: 'number',
    min: 0,
    default: 1.2,
    text: 'Factor of lambda at each growth.',
  },
  multipliers: {
    kind: 'boolean',
    default: false,
    text: 'Whether the multipliers nu of grad_v g = 0 are kept and updated.',
  },
  nu: { kind: 'number', default: 0, text: 'First value of every multiplier.', source: denoising },
  multiplierGamma: {
    kind: 'choice',
    values: ['old', 'new'],
    default: 'old',
    text: 'Which gamma nu <- nu + gamma grad_v g takes at a growth: the one before it or the enlarged one.',
    source: printed,
  },
  convergenceTest: {
    kind: 'choice',
    values: convergenceTestNames,
    default: 'relative',
    text: 'relative: |grad_v f~2| <= epsilon |grad_v f|, before the step of u, which is shortened by their ratio where that is above 1. norms: |grad_u|^2 + |grad_v|^2 <= epsilon^2 after it. squaredNorms: |grad_u|^4 + |grad_v|^4 < epsilon^2 after it.',
  },
  growth: {
    kind: 'choice',
    values: ['balanced', 'untilTestFails', 'oncePerTest', 'everyIteration', 'never'],
    default: 'balanced',
    text: 'When gamma, epsilon, lambda and nu move on: once when the test passes, and back where v does not follow; as often as the test passes in a row, once when it passes, or regardless of it.',
  },
  growthLimit: {
    kind: 'integer',
    min: 0,
    max: 10_000,
    default: 200,
    text: 'Number of growths after which they stay as they are (K).',
  },
  stationarity: {
    kind: 'choice',
    values: ['projected', 'gradient'],
    default: 'projected',
    text: 'What vanishes at the solution of a lower level with sets: v - P(v - grad_v g), right on their boundary too, or grad_v g.',
  },
  inequalities: {
    kind: 'choice',
    values: ['closed', 'slack'],
    default: 'closed',
    text: 'How upper inequalities become equalities: with the slack eliminated, or h + s^2 = 0 with a slack s that moves with u.',
    source: 'Mehra and Hamm 2021, equation 7',
  },
  ...levelOptions({ optimizer: 'adam', upper: 0.05, lower: 0.01 }),
  lowerFall: {
    kind: 'number',
    min: 0,
    below: 1,
    default: 0.95,
    text: 'Share by which the learning rate of v falls, step by step, within the steps of an iteration.',
  },
  upperDecay: {
    kind: 'number',
    above: 0,
    max: 1,
    default: 1,
    text: 'Factor of the learning rate of u at each growth.',
  },
  lowerDecay: {
    kind: 'number',
    above: 0,
    max: 1,
    default: 1,
    text: 'Factor of the learning rate of v at each growth.',
  },
  slots: { ...slotsOption, default: 'sample' },
} as const;

export type PenaltySettings = Options<typeof penaltyOptions>;

/** What `variant: 'paper'` changes: the algorithm as printed, with the constants of the paper's experiments. */
const paper = {
  units: 'absolute',
  warmUpSteps: 0,
  gamma: 0.01,
  gammaFactor: 1.1,
  epsilon: 0.01,
  epsilonFactor: 0.9,
  lambda: 0.01,
  lambdaFactor: 0.9,
  multipliers: true,
  convergenceTest: 'norms',
  growth: 'untilTestFails',
  upperLearningRate: 1e-3,
  lowerLearningRate: 1e-4,
  lowerFall: 0,
  slots: 'batch',
} as const satisfies PenaltyOptions;

/** What `variant: 'authors'` changes: their released code in place of the printed algorithm. */
const authors = {
  ...paper,
  convergenceTest: 'squaredNorms',
  growth: 'oncePerTest',
  stationarity: 'gradient',
  inequalities: 'slack',
  multiplierGamma: 'new',
  upperDecay: 0.9,
  lowerDecay: 0.9,
} as const satisfies PenaltyOptions;

const variants = { adaptive: {}, paper, authors } as const;

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
export function validatePenaltyOptions(given: PenaltyOptions): PenaltySettings {
  const { variant } = validateOptions(penaltyOptions, given, 'penalty');
  return validateOptions(penaltyOptions, { ...variants[variant], ...definedOnly(given) }, 'penalty');
}
