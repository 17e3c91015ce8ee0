import { powerLaw } from '../../../schedules/index.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, warmStartOption } from '../../parts/level-options.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';
import { constantRate, neumannSeries } from '../../parts/linear-system/neumann.js';
import { drawFactors, randomSeriesOptions } from '../../parts/linear-system/random-series.js';

const source = 'Ghadimi and Wang 2018, arXiv:1802.02246';
const defaults = 'benchmark of Dagreou et al. 2022';

/** v is stepped T times and u once along grad_u f - grad_uv g z with one random term of the Neumann series as z. */
export const bsa = defineMethod({
  name: 'bsa',
  title: 'BSA',
  source,
  summary: 'Stochastic lower steps and one random term of the Neumann series: the first stochastic method.',
  options: {
    lowerSteps: lowerStepsOption(10, defaults),
    ...randomSeriesOptions(0.1, 10, defaults),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: powerLaw(0.1, 1 / 2), lower: powerLaw(0.1, 1 / 2) }),
  },
  interior: true,
  evaluations: ({ lowerSteps, neumannTerms }, index, problem) => ({
    fGradients: 1,
    gGradients: lowerSteps,
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
    return implicitIteration(b, { ...options, ...b.pair(options), system, linearSteps, draws: 'fresh' });
  },
});
