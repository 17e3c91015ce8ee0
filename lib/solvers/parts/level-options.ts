import { isRecord } from '../../errors.js';
import { type OptimizerName, optimizerNames } from '../../optimizers/index.js';
import type { Factors } from '../../options.js';
import { constant, type Schedule } from '../../schedules/index.js';
import { type Moves, type SlotPlacement, slotPlacements } from '../machine/level.js';

/** Rows of an option table for the constants of the optimizers. */
export const optimizerConstants = {
  momentum: {
    kind: 'number',
    min: 0,
    below: 1,
    default: 0.9,
    text: "Factor of past gradients in momentum; Adam's beta 1.",
  },
  secondMoment: { kind: 'number', min: 0, below: 1, default: 0.999, text: "Adam's beta 2." },
  stabilizer: { kind: 'number', above: 0, default: 1e-8, text: 'What Adam adds to the root of its second moment.' },
  weightDecay: {
    kind: 'number',
    min: 0,
    default: 0.01,
    text: 'Part of a variable that a step of AdamW takes away, times the learning rate.',
    source: 'torch.optim.AdamW',
  },
} as const;

/** Rows of an option table for what is done to the direction and the rates of one level. @param what `u` or `v` */
function moveRows(what: string) {
  return {
    clipNorm: {
      kind: 'number',
      min: 0,
      default: 0,
      text: `Length that the direction of a step of ${what}, over all of its variables, is shortened to where it is longer; 0 for any.`,
    },
    clipValue: {
      kind: 'number',
      min: 0,
      default: 0,
      text: `Size that the elements of the direction of a step of ${what} are cut at, before its length is; 0 for any.`,
    },
    rateFactors: {
      kind: 'factors',
      default: {},
      text: `Factors of the learning rate of ${what} by names of variables, in which * stands for any text; 1 for the others.`,
    },
  } as const;
}

/** Rows of an option table for what is done to the direction and the rates of the one level that there is. */
export const moveOptions = moveRows('v');

/** Row of an option table for where optimizer slots of rows of samples live. */
export const slotsOption = {
  kind: 'choice',
  values: slotPlacements,
  default: 'batch',
  text: 'For upper variables with a row per sample: one set of optimizer slots shared by all batches, or a row per sample.',
} as const;

const upperMoves = moveRows('u');

/** The validated options of both levels. */
export interface LevelSettings {
  readonly upperOptimizer: OptimizerName;
  readonly lowerOptimizer: OptimizerName;
  readonly upperLearningRate: Schedule;
  readonly lowerLearningRate: Schedule;
  readonly momentum: number;
  readonly secondMoment: number;
  readonly stabilizer: number;
  readonly weightDecay: number;
  readonly upperClipNorm: number;
  readonly upperClipValue: number;
  readonly upperRateFactors: Factors;
  readonly lowerClipNorm: number;
  readonly lowerClipValue: number;
  readonly lowerRateFactors: Factors;
  readonly slots?: SlotPlacement;
}

export interface LevelDefaults {
  readonly optimizer: OptimizerName;
  /** As that of u by default. */
  readonly lowerOptimizer?: OptimizerName;
  readonly upper: number | Schedule;
  readonly lower: number | Schedule;
}

export interface DescentDefaults extends Pick<LevelDefaults, 'upper' | 'lower'> {
  /** Of u; plain steps by default. */
  readonly optimizer?: OptimizerName;
}

const scheduleOf = (given: number | Schedule): Schedule => (typeof given === 'number' ? constant(given) : given);

/** Rows of an option table for how both levels move, with a method's own defaults. */
export function levelOptions({ optimizer, lowerOptimizer = optimizer, upper, lower }: LevelDefaults) {
  return {
    upperOptimizer: { kind: 'choice', values: optimizerNames, default: optimizer, text: 'Optimizer of u.' },
    lowerOptimizer: { kind: 'choice', values: optimizerNames, default: lowerOptimizer, text: 'Optimizer of v.' },
    upperLearningRate: {
      kind: 'schedule',
      above: 0,
      default: scheduleOf(upper),
      text: 'Learning rate of u, by iteration.',
    },
    lowerLearningRate: {
      kind: 'schedule',
      above: 0,
      default: scheduleOf(lower),
      text: 'Learning rate of v, by iteration.',
    },
    ...optimizerConstants,
    upperClipNorm: upperMoves.clipNorm,
    upperClipValue: upperMoves.clipValue,
    upperRateFactors: upperMoves.rateFactors,
    lowerClipNorm: moveOptions.clipNorm,
    lowerClipValue: moveOptions.clipValue,
    lowerRateFactors: moveOptions.rateFactors,
  } as const;
}

/** How a level's direction and rates are changed, of the options of both. */
export function movesOf(settings: LevelSettings, level: 'upper' | 'lower'): Moves {
  return {
    clipNorm: settings[`${level}ClipNorm`],
    clipValue: settings[`${level}ClipValue`],
    rateFactors: settings[`${level}RateFactors`],
    factorsOption: `${level}RateFactors`,
  };
}

/** The options that say how v, its copies and the solution of its linear system move. */
const lowerRates = ['lowerOptimizer', 'lowerLearningRate', 'innerLearningRate', 'linearLearningRate', 'neumannRate'];

/**
 * As `levelOptions` for plain steps of v, whose rates are limited by the curvature of g unless one of them is given.
 */
export function descentOptions({ optimizer = 'sgd', upper, lower }: DescentDefaults) {
  return {
    ...levelOptions({ optimizer, lowerOptimizer: 'sgd', upper, lower }),
    limitRates: {
      kind: 'boolean',
      default: true,
      text: 'Whether the rates of v, and of what is solved beside it, stay below 1 over the largest curvature of g, which is measured where the run starts; by default where none of them and no optimizer of v is given.',
    },
  } as const;
}

/** Given options, with limitRates false where it is not given but what it limits is. */
export function withLimits<T>(given: T): T {
  if (!isRecord(given) || given.limitRates !== undefined) return given;
  return { ...given, limitRates: lowerRates.every((name) => given[name] === undefined) };
}

/** Row of an option table for the number of lower steps. @param source where the number comes from, if anywhere */
export function lowerStepsOption(steps: number, source?: string) {
  return {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: steps,
    text: 'Steps of v for one step of u (T).',
    ...(source !== undefined && { source }),
  } as const;
}

/** Row of an option table for the number of steps on the linear system. */
export function linearStepsOption(steps: number, source: string) {
  return {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: steps,
    text: 'Steps on the linear system for one step of u (Q).',
    source,
  } as const;
}

/** Row of an option table for how long the steps on the linear system are. */
export function linearRateOption(rate: number, source: string) {
  return {
    kind: 'schedule',
    above: 0,
    default: constant(rate),
    text: 'Learning rate of z, by iteration.',
    source,
  } as const;
}

/** Row of an option table for the step of a Neumann series. */
export function neumannRateOption(rate: number, source: string) {
  return {
    kind: 'number',
    above: 0,
    default: rate,
    text: 'Step eta of the Neumann series, at most 1 over the largest curvature of g.',
    source,
  } as const;
}

/** Rows of an option table for a Neumann series of so many factors, which has one term more. */
export function neumannOptions(rate: number, factors: number, source: string) {
  return {
    neumannRate: neumannRateOption(rate, source),
    neumannFactors: {
      kind: 'integer',
      min: 1,
      max: 100_000,
      default: factors,
      text: 'Factors I - eta grad_vv g of the longest term of the Neumann series (Q).',
      source,
    },
  } as const;
}

/** Row of an option table for the steps of the copy of v that follows g alone. */
export function innerRateOption(rate: number | Schedule) {
  return {
    kind: 'schedule',
    above: 0,
    default: scheduleOf(rate),
    text: 'Learning rate of the copy of v beside it, by iteration.',
  } as const;
}

/** Row of an option table for where v starts in an iteration. */
export function warmStartOption(warm: boolean) {
  return {
    kind: 'boolean',
    default: warm,
    text: 'Whether v goes on from iteration to iteration instead of starting anew.',
  } as const;
}

/** Row of an option table for what is added to the Hessian of a linear system. */
export function tikhonovOption(coefficient: number) {
  return {
    kind: 'number',
    min: 0,
    default: coefficient,
    text: 'Coefficient of the identity that is added to grad_vv g in the linear system.',
  } as const;
}
