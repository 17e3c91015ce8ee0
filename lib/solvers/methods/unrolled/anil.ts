import { defineMethod } from '../../method.js';
import { levelOptions, lowerStepsOption, slotsOption } from '../../parts/level-options.js';
import { unrolledDifferentiation, unrolledEvaluations } from '../../parts/unrolling/unrolled.js';
import { firstOrderOption } from '../../parts/unrolling/unrolled-options.js';
import { adaptation, checkUpperStart, upperStart } from '../../parts/unrolling/upper-start.js';

const source = 'Raghu, Raghu, Bengio and Vinyals 2020, section 4';
const defaults = 'few-shot experiments of Ji, Yang and Liang 2021';

/** MAML in whose lower level only the last layer is stated, so that a task adapts that alone. */
export const anil = defineMethod({
  name: 'anil',
  title: 'ANIL',
  source,
  summary: 'Learns features and a start of the last layer, which alone adapts to a task.',
  options: {
    lowerSteps: lowerStepsOption(5, defaults),
    firstOrder: firstOrderOption,
    ...levelOptions({ optimizer: 'adam', lowerOptimizer: 'sgd', upper: 0.002, lower: 0.1 }),
    slots: slotsOption,
  },
  rows: true,
  startsAtUpper: true,
  check: (problem) => checkUpperStart('anil', problem),
  evaluations: (options) => unrolledEvaluations(adaptation(options)),
  memory: ({ firstOrder }) => (firstOrder ? 'constant' : 'linear'),
  build: (b, options) => unrolledDifferentiation(b, b.pair(options), { ...adaptation(options), start: upperStart(b) }),
});
