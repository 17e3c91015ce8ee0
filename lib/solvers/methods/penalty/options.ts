import { definedOnly, type GivenOptions, type Options, validateOptions } from '../../../options.js';
import { levelOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { convergenceTestNames } from './convergence.js';

const printed = 'Mehra and Hamm 2021, Algorithm 2';
const denoising = 'Mehra and Hamm 2021, supplement E.2';

/** Options of the penalty method. Both levels have the same kinds of options; names say which level is meant. */
export const penaltyOptions = {
  variant: {
    kind: 'choice',
    values: ['paper', 'authors'],
    default: 'paper',
    text: "Defaults of the switches on which the paper's Algorithm 2 and its authors' code differ.",
  },
  lowerSteps: lowerStepsOption(20, denoising),
  warmStart: warmStartOption(true),
  gamma: {
    kind: 'number',
    above: 0,
    default: 0.01,
    text: 'First weight of the penalty |grad_v g|^2 / 2.',
    source: denoising,
  },
  gammaFactor: { kind: 'number', min: 1, default: 1.1, text: 'Factor of gamma at each growth.', source: printed },
  epsilon: {
    kind: 'number',
    above: 0,
    default: 0.01,
    text: 'First tolerance of the convergence test.',
    source: denoising,
  },
  epsilonFactor: {
    kind: 'number',
    above: 0,
    max: 1,
    default: 0.9,
    text: 'Factor of epsilon at each growth.',
    source: printed,
  },
  lambda: {
    kind: 'number',
    min: 0,
    default: 0.01,
    text: 'First weight of g itself in the steps of v, which keeps v from maxima and saddles of g; 0 turns it off.',
    source: denoising,
  },
  lambdaFactor: {
    kind: 'number',
    min: 0,
    max: 1,
    default: 0.9,
    text: 'Factor of lambda at each growth.',
    source: printed,
  },
  multipliers: {
    kind: 'boolean',
    default: true,
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
    default: 'norms',
    text: 'norms: |grad_u|^2 + |grad_v|^2 <= epsilon^2. squaredNorms: |grad_u|^4 + |grad_v|^4 < epsilon^2.',
    source: printed,
  },
  growth: {
    kind: 'choice',
    values: ['untilTestFails', 'oncePerTest', 'everyIteration', 'never'],
    default: 'untilTestFails',
    text: 'When gamma, epsilon, lambda and nu move on: as often as the test passes in a row, once when it passes, or regardless of it.',
    source: printed,
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
  ...levelOptions({ optimizer: 'adam', upper: 1e-3, lower: 1e-4 }),
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
  slots: slotsOption,
} as const;

export type PenaltyOptions = Options<typeof penaltyOptions>;
export type GivenPenaltyOptions = GivenOptions<typeof penaltyOptions>;

/** What `variant: 'authors'` changes: their released code in place of the printed algorithm. */
const authors = {
  convergenceTest: 'squaredNorms',
  growth: 'oncePerTest',
  stationarity: 'gradient',
  inequalities: 'slack',
  multiplierGamma: 'new',
  upperDecay: 0.9,
  lowerDecay: 0.9,
} as const satisfies GivenPenaltyOptions;

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
export function validatePenaltyOptions(given: GivenPenaltyOptions): PenaltyOptions {
  const options = validateOptions(penaltyOptions, given, 'penalty');
  if (options.variant === 'paper') return options;
  return validateOptions(penaltyOptions, { ...authors, ...definedOnly(given) }, 'penalty');
}
