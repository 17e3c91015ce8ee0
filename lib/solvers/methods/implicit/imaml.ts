import { minus, Oracles } from '../../../bilevel/index.js';
import { add, mul } from '../../../graph/index.js';
import { defineMethod } from '../../method.js';
import { levelOptions, linearStepsOption, lowerStepsOption } from '../../parts/level-options.js';
import { conjugateGradient } from '../../parts/linear-system/conjugate-gradient.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';
import { checkUpperStart, upperStart } from '../../parts/unrolling/upper-start.js';

const source = 'Rajeswaran, Finn, Kakade and Levine 2019, Algorithms 1 and 2';

/**
 * Every lower variable starts at the upper one of its name and solves g + lambda / 2 |v - u|^2. The implicit function
 * theorem gives
 *
 *     grad_u f - grad_uv g z + lambda z        with (grad_vv g + lambda I) z = grad_v f,
 *
 * where lambda z is the (I + grad_vv g / lambda)^-1 grad_v f of the paper.
 */
export const imaml = defineMethod({
  name: 'imaml',
  title: 'iMAML',
  source,
  summary: 'Learns a start that tasks stay near, without differentiating through the steps that adapt to them.',
  options: {
    lowerSteps: lowerStepsOption(16, source),
    linearSteps: linearStepsOption(5, source),
    proximity: {
      kind: 'number',
      above: 0,
      default: 1,
      text: 'Weight of the squared distance from the start in the lower cost (lambda).',
      source,
    },
    negativeCurvature: {
      kind: 'choice',
      values: ['refuse', 'stop'],
      default: 'refuse',
      text:
        'Where the system has negative curvature: refuse it, which ends the run, or stop the linear steps there and go on ' +
        'with the solution so far.',
    },
    ...levelOptions({ optimizer: 'adam', lowerOptimizer: 'sgd', upper: 0.01, lower: 0.01 }),
  },
  interior: true,
  addedCurvature: ({ proximity }) => proximity,
  startsAtUpper: true,
  check: (problem) => checkUpperStart('imaml', problem),
  evaluations: ({ lowerSteps, linearSteps }) => ({
    fGradients: 1,
    gGradients: lowerSteps,
    hessianVectorProducts: linearSteps,
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, { lowerSteps, linearSteps, proximity, negativeCurvature, ...levels }) {
    const { upper, lower } = b.pair(levels);
    const start = upperStart(b);
    const { f, g, u, v } = b.oracles;
    const distance = b.squaredNorm(minus(v, start));
    const oracles = new Oracles({ f, g: add(g, mul(proximity / 2, distance)), u, v });
    const advice =
      'Raise the option proximity above the negative curvature of g, make more lowerSteps, or go on with negativeCurvature: "stop".';
    const system = conjugateGradient(b, { oracles, advice, stopsAtNegative: negativeCurvature === 'stop' });
    return implicitIteration(b, { upper, lower, system, lowerSteps, linearSteps, warmStart: false, start, oracles });
  },
});
