import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { unrolledDifferentiation, unrolledEvaluations } from '../../parts/unrolling/unrolled.js';

const source = 'Ji, Yang and Liang 2021, Algorithm 1 (ITD-BiO)';

/** Iterative differentiation: v is stepped T times and f(u, v_T) is differentiated through all of them. */
export const itd = defineMethod({
  name: 'itd',
  title: 'ITD',
  source,
  summary: 'Iterative differentiation: reverse mode through all lower steps.',
  options: {
    lowerSteps: lowerStepsOption(20, 'experiments of Sow, Ji and Liang 2022'),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
    slots: slotsOption,
  },
  rows: true,
  evaluations: ({ lowerSteps }) => unrolledEvaluations({ lowerSteps, backwardSteps: lowerSteps }),
  memory: () => 'linear',
  build: (b, { lowerSteps, warmStart, ...settings }) =>
    unrolledDifferentiation(b, b.pair(settings), { lowerSteps, backwardSteps: lowerSteps, warmStart }),
});
