import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, neumannOptions, warmStartOption } from '../../parts/level-options.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';
import { constantRate, neumannSeries } from '../../parts/linear-system/neumann.js';

const source = 'Ji, Yang and Liang 2021, arXiv:2010.07962';
const defaults = 'benchmark of Dagreou et al. 2022';

/**
 * v is stepped T times and u once along grad_u f - grad_uv g z with the Neumann series z, each step and each factor of
 * the series on a mini-batch of its own.
 */
export const stocbio = defineMethod({
  name: 'stocbio',
  title: 'stocBiO',
  source,
  summary: 'Stochastic lower steps and a Neumann series whose factors are on independent mini-batches.',
  options: {
    lowerSteps: lowerStepsOption(10, defaults),
    ...neumannOptions(0.1, 10, defaults),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  evaluations: ({ lowerSteps, neumannFactors }) => ({
    fGradients: 1,
    gGradients: lowerSteps,
    hessianVectorProducts: neumannFactors,
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, options) {
    const system = neumannSeries(b, constantRate(options.neumannRate), { draws: 'fresh' });
    const linearSteps = options.neumannFactors;
    return implicitIteration(b, { ...options, ...b.pair(options), system, linearSteps, draws: 'fresh' });
  },
});
