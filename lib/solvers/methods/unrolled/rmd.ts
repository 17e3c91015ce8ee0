import { validateOptions } from '../../../options.js';
import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { type UnrolledOptions, unrolledDifferentiation, unrolledEvaluations } from '../../parts/unrolling/unrolled.js';
import { backwardStepsOption, checkBackwardSteps } from '../../parts/unrolling/unrolled-options.js';

const source = 'Mehra and Hamm 2021, supplement B; Franceschi, Donini, Frasconi and Pontil 2017, Algorithm 1';

const options = {
  lowerSteps: lowerStepsOption(20, source),
  backwardSteps: {
    ...backwardStepsOption(20, source),
    text: 'How many of the last lower steps are differentiated, all by default (K).',
  },
  storage: {
    kind: 'choice',
    values: ['all', 'checkpoints'],
    default: 'all',
    text: 'Whether all K points are kept, or one in every ceil(sqrt(K)) and the others are made again.',
  },
  variant: {
    kind: 'choice',
    values: ['paper', 'authors'],
    default: 'paper',
    text: "Whether the first of T steps is differentiated as in the paper, or left out as in the authors' code.",
  },
  warmStart: warmStartOption(true),
  ...descentOptions({ upper: 0.1, lower: 0.1 }),
  slots: slotsOption,
} as const;

interface Settings {
  readonly lowerSteps: number;
  readonly backwardSteps: number;
  readonly storage: string;
  readonly variant: string;
  readonly warmStart: boolean;
}

function unrollingOf({ lowerSteps, backwardSteps, storage, variant, warmStart }: Settings): UnrolledOptions {
  const most = variant === 'paper' ? lowerSteps : lowerSteps - 1;
  const checkpoints = storage === 'checkpoints';
  return { lowerSteps, backwardSteps: Math.min(backwardSteps, most), checkpoints, warmStart };
}

/** The derivative of f(u, v_T) through the T plain steps that lead to v_T, from the last to the first. */
export const rmd = defineMethod({
  name: 'rmd',
  title: 'RMD',
  source,
  summary:
    'Reverse-mode differentiation through the lower steps, all of them or the last, with or without checkpoints.',
  options,
  rows: true,
  validate: (given) => {
    const { lowerSteps } = validateOptions(options, given, 'rmd');
    const all = { ...given, backwardSteps: given.backwardSteps ?? lowerSteps };
    return checkBackwardSteps('rmd', validateOptions(options, all, 'rmd'));
  },
  evaluations: (settings) => unrolledEvaluations(unrollingOf(settings)),
  memory: ({ storage }) => (storage === 'all' ? 'linear' : 'squareRoot'),
  build: (b, settings) => unrolledDifferentiation(b, b.pair(settings), unrollingOf(settings)),
});
