import { powerLaw } from '../../../schedules/index.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { descentOptions } from '../../parts/level-options.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';
import { constantRate, neumannSeries } from '../../parts/linear-system/neumann.js';
import { drawFactors, randomSeriesOptions } from '../../parts/linear-system/random-series.js';

const source = 'Hong, Wai, Wang and Yang 2020, arXiv:2007.05170';
const defaults = 'benchmark of Dagreou et al. 2022';

/** One step of v and one of u, which moves on a slower time scale, with one random term of the Neumann series. */
export const ttsa = defineMethod({
  name: 'ttsa',
  title: 'TTSA',
  source,
  summary: 'One stochastic step of each level on two time scales, with one random term of the Neumann series.',
  options: {
    ...randomSeriesOptions(0.1, 10, defaults),
    ...descentOptions({ upper: powerLaw(0.1, 3 / 5), lower: powerLaw(0.1, 2 / 5) }),
  },
  interior: true,
  evaluations: ({ neumannTerms }, index, problem) => ({
    fGradients: 1,
    gGradients: 1,
    hessianVectorProducts: drawFactors(factsOf(problem).seed, index, neumannTerms),
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, options) {
    const system = neumannSeries(b, constantRate(options.neumannRate), {
      stepsBelow: options.neumannTerms,
      draws: 'fresh',
    });
    const linearSteps = (index: number) => drawFactors(b.facts.seed, index, options.neumannTerms);
    const parts = { ...b.pair(options), system, lowerSteps: 1, linearSteps, warmStart: true };
    return implicitIteration(b, { ...parts, draws: 'fresh' });
  },
});
