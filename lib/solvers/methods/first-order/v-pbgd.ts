import { minus, plusScaled } from '../../../bilevel/index.js';
import { add, div } from '../../../graph/index.js';
import { polynomial } from '../../../schedules/index.js';
import { atIteration } from '../../machine/builder.js';
import { defineMethod } from '../../method.js';
import { descentOptions, innerRateOption, lowerStepsOption, slotsOption } from '../../parts/level-options.js';
import { copyDescent, lowerCopy } from '../../parts/lower-copy.js';
import { penaltyRates, penaltyWeightOption } from '../../parts/penalty-weight.js';

const source = 'Shen and Chen 2023';

/**
 * u and v move at once along the gradient of f + gamma (g(u, v) - g(u, w)), at rates min(1 / gamma, 1) times those
 * given; before that the copy w makes T steps on g.
 */
export const vPbgd = defineMethod({
  name: 'vPbgd',
  title: 'V-PBGD',
  source,
  summary: 'A penalty on the value gap of the lower level, descended in both variables with first derivatives alone.',
  options: {
    lowerSteps: lowerStepsOption(1, source),
    gamma: penaltyWeightOption(polynomial(0, 0.2, 30_000, 1), source),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
    innerLearningRate: innerRateOption(0.01),
    slots: slotsOption,
  },
  rows: true,
  lowerDescendsUpper: true,
  evaluations: ({ lowerSteps }) => ({
    fGradients: 1,
    gGradients: lowerSteps + 2,
    hessianVectorProducts: 0,
    jacobianVectorProducts: 0,
  }),
  memory: () => 'constant',
  build(b, options) {
    const rates = penaltyRates(options);
    const upper = b.upper(options, { rate: rates.upper });
    const gamma = b.scalar('gamma', atIteration(options.gamma));
    // The curvature of f, as large as that of g, and the weight times it.
    const lower = b.lower(options, { rate: rates.lower, bound: (limit) => div(limit, add(1, gamma)) });
    const solved = lowerCopy(b, 'w', options, 'innerLearningRate');
    const solve = copyDescent(b, solved);
    const step = b.phase('step', (o) => {
      const [f, g] = [o.fGradient(), o.gGradient()];
      const gap = minus(g.u, o.at({ v: solved.nodes }).gGradient().u);
      const direction = plusScaled(f.u, gamma, gap);
      return {
        updates: [...upper.step(direction), ...lower.step(plusScaled(f.v, gamma, g.v))],
        reports: { f: o.f, g: o.g, lowerGradient: g.v, hypergradient: direction },
      };
    });
    return async (iteration) => {
      await iteration.run(solve, options.lowerSteps);
      await iteration.run(step);
      return { gamma: options.gamma.at(iteration.index) };
    };
  },
});
