import { schedules } from '../../../lib/schedules/index.js';
import type { methods } from '../../../lib/solvers/index.js';

/** Settings of a run of the fixture: a rate is [s, p] for s (k + 1)^-p in iteration k. */
export type RunSettings = Readonly<Record<string, number | string | boolean | readonly number[]>>;

export interface IterateRow {
  readonly method: keyof typeof methods;
  /** The method's options, from the settings that the fixture keeps with the run. */
  readonly options: (settings: RunSettings) => object;
  /** Further states to compare: name in the fixture to binding prefix in the state. */
  readonly states?: Readonly<Record<string, string>>;
  /**
   * Whether the run by blocks, where every estimate of an iteration uses the iteration's block, is there too, by
   * default, or alone.
   */
  readonly blocks?: false | 'only';
}

/** A setting that is a list of numbers; one past its end is NaN, which no schedule takes. */
const numberAt = (settings: RunSettings, name: string, index: number): number => {
  const value = settings[name];
  if (!Array.isArray(value)) throw new Error(`The run has no list ${name}.`);
  return Number(value[index]);
};

const rate = (settings: RunSettings, name: string) =>
  schedules.powerLaw(numberAt(settings, name, 0), numberAt(settings, name, 1));

/** A setting [s, p] for s (k + 1)^p. */
const growing = (settings: RunSettings, name: string) =>
  schedules.powerLaw(numberAt(settings, name, 0), -numberAt(settings, name, 1));

/** Both levels descend plainly at the run's rates. */
const plain = (settings: RunSettings) => ({
  upperOptimizer: 'sgd',
  lowerOptimizer: 'sgd',
  upperLearningRate: rate(settings, 'upper_rate'),
  lowerLearningRate: rate(settings, 'lower_rate'),
});

const steps = ({ lower_steps }: RunSettings) => ({ lowerSteps: lower_steps });

const inner = (settings: RunSettings) => ({ innerLearningRate: rate(settings, 'inner_rate') });

const barrier = (settings: RunSettings, kind: 'gradient' | 'gap') => ({
  ...plain(settings),
  ...steps(settings),
  ...inner(settings),
  barrier: kind,
  barrierFactor: settings.control,
});

const ramp = (settings: RunSettings) => {
  const [initial, final, iterations] = [0, 1, 2].map((index) => numberAt(settings, 'gamma', index));
  return schedules.polynomial(Number(initial), Number(final), Number(iterations), 1);
};

const perturbed = (settings: RunSettings) => ({
  ...plain(settings),
  ...steps(settings),
  difference: settings.order === 1 ? 'forward' : 'central',
  perturbation: settings.nu,
  restart: settings.restart,
});

const coordinates = (settings: RunSettings) => ({
  ...plain(settings),
  ...steps(settings),
  directions: 3,
  directionMode: 'coordinates',
  smoothing: settings.smoothing,
});

const neumann = ({ neumann_rate, neumann_factors }: RunSettings) => ({
  neumannRate: neumann_rate,
  neumannFactors: neumann_factors,
});

const aggregated = (settings: RunSettings) => ({
  ...steps(settings),
  upperLearningRate: rate(settings, 'upper_rate'),
  lowerLearningRate: settings.lower_scale,
  upperScale: settings.upper_scale,
  aggregation: rate(settings, 'aggregation'),
  aggregationIndex: settings.aggregation_index,
});

/** The random term of the series with a single term. */
const oneTerm = ({ neumann_rate }: RunSettings) => ({ neumannRate: neumann_rate, neumannTerms: 1 });

/** The runs of test/fixtures/quadratic-iterates.safetensors and the methods that follow them. */
export const iterateRows: Readonly<Record<string, IterateRow>> = {
  gd: { method: 'gd', options: (settings) => ({ ...plain(settings), ...steps(settings) }) },
  approx_grad: {
    method: 'approxGrad',
    options: (settings) => ({
      ...plain(settings),
      ...steps(settings),
      linearSolver: 'cg',
      linearSteps: settings.linear_steps,
      tikhonov: settings.tikhonov,
    }),
    states: { z: 'z/v' },
  },
  aid_cg: {
    method: 'aidCg',
    options: (settings) => ({ ...plain(settings), ...steps(settings), linearSteps: settings.linear_steps }),
  },
  aid_fp: {
    method: 'aidFp',
    options: (settings) => ({ ...plain(settings), ...steps(settings), linearSteps: settings.linear_steps }),
  },
  amigo: {
    method: 'amigo',
    options: (settings) => ({
      ...plain(settings),
      ...steps(settings),
      linearSteps: settings.linear_steps,
      linearLearningRate: rate(settings, 'linear_rate'),
    }),
    states: { z: 'z/v' },
  },
  stocbio: {
    method: 'stocbio',
    options: (settings) => ({ ...plain(settings), ...steps(settings), ...neumann(settings) }),
  },
  bsa: {
    method: 'bsa',
    options: (settings) => ({ ...plain(settings), ...steps(settings), ...oneTerm(settings) }),
  },
  ttsa: { method: 'ttsa', options: (settings) => ({ ...plain(settings), ...oneTerm(settings) }) },
  mrbo: {
    method: 'mrbo',
    options: (settings) => ({
      ...plain(settings),
      ...neumann(settings),
      lowerMomentumRate: rate(settings, 'lower_momentum'),
      upperMomentumRate: rate(settings, 'upper_momentum'),
    }),
  },
  sustain: {
    method: 'sustain',
    options: (settings) => ({
      ...plain(settings),
      ...oneTerm(settings),
      momentumRate: rate(settings, 'momentum'),
    }),
  },
  mstsa: {
    method: 'mstsa',
    options: (settings) => ({
      ...plain(settings),
      ...neumann(settings),
      momentumRate: rate(settings, 'momentum'),
    }),
  },
  stable: {
    method: 'stable',
    options: (settings) => ({ ...plain(settings), momentumRate: rate(settings, 'momentum') }),
  },
  vrbo: {
    method: 'vrbo',
    options: (settings) => ({
      ...plain(settings),
      ...neumann(settings),
      period: settings.period,
      innerSteps: Number(settings.inner) + 1,
    }),
  },
  ma_soba: {
    method: 'maSoba',
    options: (settings) => ({ ...plain(settings), averaging: rate(settings, 'averaging') }),
    states: { z: 'z/v' },
  },
  fsla: {
    method: 'fsla',
    options: (settings) => ({ ...plain(settings), momentumRate: rate(settings, 'momentum') }),
    states: { z: 'z/v' },
  },
  saba: {
    method: 'saba',
    options: (settings) => ({ ...plain(settings), memoryStart: settings.memory }),
    states: { z: 'z/v' },
    blocks: 'only',
  },
  saba_zero: {
    method: 'saba',
    options: (settings) => ({ ...plain(settings), memoryStart: settings.memory }),
    states: { z: 'z/v' },
    blocks: 'only',
  },
  srba: {
    method: 'srba',
    options: (settings) => ({ ...plain(settings), period: settings.period }),
    states: { z: 'z/v' },
  },
  soba: { method: 'soba', options: plain, states: { z: 'z/v' } },
  pzobo: { method: 'pzobo', options: coordinates },
  hozog: { method: 'hozog', options: coordinates },
  bome: { method: 'bome', options: (settings) => barrier(settings, 'gradient') },
  bome_gap: { method: 'bome', options: (settings) => barrier(settings, 'gap') },
  v_pbgd: {
    method: 'vPbgd',
    options: (settings) => ({ ...plain(settings), ...steps(settings), ...inner(settings), gamma: ramp(settings) }),
    states: { w: 'w/v' },
  },
  g_pbgd: { method: 'gPbgd', options: (settings) => ({ ...plain(settings), gamma: ramp(settings) }) },
  g_pbgd_half: {
    method: 'gPbgd',
    options: (settings) => ({ ...plain(settings), gamma: ramp(settings), variant: 'authors' }),
  },
  f2sa: {
    method: 'f2sa',
    options: (settings) => ({
      ...plain(settings),
      ...steps(settings),
      ...inner(settings),
      multiplier: settings.multiplier,
      multiplierGrowth: rate(settings, 'growth'),
    }),
    states: { w: 'w/v', lambda: 'multiplier' },
  },
  f2ba_1: { method: 'f2ba', options: perturbed, states: { w: 'w/v' } },
  f2ba_1_restart: { method: 'f2ba', options: perturbed, states: { w: 'w/v' } },
  f2ba_2: { method: 'f2ba', options: perturbed, states: { w: 'w/v' } },
  meha: {
    method: 'meha',
    options: (settings) => ({
      ...plain(settings),
      ...inner(settings),
      proximity: settings.proximity,
      penalty: growing(settings, 'penalty'),
    }),
    states: { theta: 'theta/v' },
  },
  itd: { method: 'itd', options: (settings) => ({ ...plain(settings), ...steps(settings) }) },
  truncated_rhg: {
    method: 'tRhg',
    options: (settings) => ({ ...plain(settings), ...steps(settings), backwardSteps: settings.corrections }),
  },
  darts: { method: 'darts', options: (settings) => ({ ...plain(settings), radius: settings.radius }) },
  bda_inner: { method: 'bda', options: aggregated },
  bda_outer: { method: 'bda', options: aggregated },
};
