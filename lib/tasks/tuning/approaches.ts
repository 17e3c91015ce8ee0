import type { GivenOptions, OptionTable } from '../../options.js';
import { type AnyMethod, findMethod } from '../../solvers/index.js';

interface Described {
  readonly title: string;
  readonly note: string;
}

/** A bilevel method, with what differs from its own defaults beside the optimizer of u. */
interface ByMethod extends Described {
  readonly kind: 'method';
  /** What it differentiates: where a training ends when it goes on for ever, or all its steps. */
  readonly of: 'optimum' | 'steps';
  readonly method: AnyMethod;
  readonly options: GivenOptions<OptionTable>;
}

/** Trainings with one candidate after the other, of which the best is kept; or with the first alone. */
interface BySearch extends Described {
  readonly kind: 'untuned' | 'grid' | 'random';
}

/** A way to choose hyperparameters. */
export type Approach = ByMethod | BySearch;

const byMethod = (name: string, note: string, options: GivenOptions<OptionTable> = {}): ByMethod => {
  const method = findMethod(name);
  return { kind: 'method', of: 'optimum', title: method.title, note, method, options };
};

const bySteps = (...given: Parameters<typeof byMethod>): ByMethod => ({ ...byMethod(...given), of: 'steps' });

/** Decay of 1e-6 leaves g flat in some directions, along which plain steps would hardly move. */
const adam = { lowerOptimizer: 'adam', lowerLearningRate: 0.01 } as const;

/** Long, for the same reason; its step is limited by the curvature of g. */
const series = { ...adam, neumannRate: 0.05, neumannFactors: 50, limitRates: true } as const;

/** Every way by name. */
export const approaches = {
  untuned: { kind: 'untuned', title: 'Untuned', note: 'hyperparameters where they start' },
  grid: { kind: 'grid', title: 'Grid search', note: 'one number for each kind, on grids that become finer' },
  random: { kind: 'random', title: 'Random search', note: 'every number at random, about one for each kind' },
  mrbo: byMethod('mrbo', 'single loop, momentum on both levels', {
    ...series,
    upperMomentumRate: 0.9,
    lowerMomentumRate: 0.9,
  }),
  vrbo: byMethod('vrbo', 'double loop, variance reduced', {
    ...series,
    neumannRate: 0.03,
    neumannFactors: 10,
    innerSteps: 5,
  }),
  stocbio: byMethod('stocbio', 'implicit, Neumann series', series),
  aidCg: byMethod('aidCg', 'implicit, conjugate gradients', adam),
  amigo: byMethod('amigo', 'implicit, the linear system by steps that go on', {
    ...adam,
    linearSteps: 50,
    linearLearningRate: 0.1,
    limitRates: true,
  }),
  penalty: { ...byMethod('penalty', 'v descends f as well, held by a growing gamma'), title: 'Penalty' },
  rmd: bySteps('rmd', 'back through all steps of a training'),
  fmd: bySteps('fmd', 'forward with all steps of a training'),
  hozog: bySteps('hozog', 'differences of f after whole trainings'),
  pzobo: bySteps('pzobo', 'differences of networks after whole trainings', { directions: 5 }),
} as const satisfies Readonly<Record<string, Approach>>;

export type ApproachName = keyof typeof approaches;

export const approachNames = Object.keys(approaches) as readonly ApproachName[];

/** Who can choose hyperparameters of a training that ends at its optimum, or of one of so many steps. */
export const approachesTo = (of: ByMethod['of']): readonly ApproachName[] =>
  approachNames.filter((name) => {
    const approach: Approach = approaches[name];
    return approach.kind !== 'method' || approach.of === of;
  });
