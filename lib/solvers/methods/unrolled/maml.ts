import { defineMethod } from '../../method.js';
import { levelOptions, lowerStepsOption, slotsOption } from '../../parts/level-options.js';
import { unrolledDifferentiation, unrolledEvaluations } from '../../parts/unrolling/unrolled.js';
import { firstOrderOption } from '../../parts/unrolling/unrolled-options.js';
import { adaptation, checkUpperStart, upperStart } from '../../parts/unrolling/upper-start.js';

const source = 'Finn, Abbeel and Levine 2017, Algorithm 2';
const defaults = 'few-shot experiments of Ji, Yang and Liang 2021';

/**
 * Every lower variable starts at the upper one of its name and adapts in T steps; f is differentiated through them and
 * the start.
 */
export const maml = defineMethod({
  name: 'maml',
  title: 'MAML',
  source,
  summary: 'Learns a start of all parameters from which a few gradient steps adapt to a task.',
  options: {
    lowerSteps: lowerStepsOption(1, defaults),
    firstOrder: firstOrderOption,
    ...levelOptions({ optimizer: 'adam', lowerOptimizer: 'sgd', upper: 0.003, lower: 0.5 }),
    slots: slotsOption,
  },
  rows: true,
  startsAtUpper: true,
  check: (problem) => checkUpperStart('maml', problem),
  evaluations: (options) => unrolledEvaluations(adaptation(options)),
  memory: ({ firstOrder }) => (firstOrder ? 'constant' : 'linear'),
  build: (b, options) => unrolledDifferentiation(b, b.pair(options), { ...adaptation(options), start: upperStart(b) }),
});
