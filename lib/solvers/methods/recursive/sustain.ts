import { powerLaw } from '../../../schedules/index.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { descentOptions } from '../../parts/level-options.js';
import { drawFactors, randomSeriesOptions } from '../../parts/linear-system/random-series.js';
import { momentumOption } from '../../parts/variance-reduction/recursive-momentum.js';
import { twoLevelMomentum } from '../../parts/variance-reduction/two-level-momentum.js';

const source = 'Khanduri, Zeng, Hong, Wai, Wang and Yang 2021, arXiv:2102.07367';
const defaults = 'benchmark of Dagreou et al. 2022';

/**
 * Both levels move along recursively corrected directions, with one random term of the Neumann series in the
 * hypergradient's, the same for the present and the old point.
 */
export const sustain = defineMethod({
  name: 'sustain',
  title: 'SUSTAIN',
  source,
  summary:
    'One step of both levels along recursive-momentum (STORM) estimates, with one random term of the Neumann series.',
  options: {
    momentumRate: momentumOption(powerLaw(0.5, 2 / 3), 'Share of the new estimates at either level.', defaults),
    ...randomSeriesOptions(0.1, 10, defaults),
    ...descentOptions({ upper: powerLaw(0.1, 1 / 3), lower: powerLaw(0.1, 1 / 3) }),
  },
  interior: true,
  evaluations: ({ neumannTerms }, index, problem) => ({
    fGradients: 2,
    gGradients: 2,
    hessianVectorProducts: 2 * drawFactors(factsOf(problem).seed, index, neumannTerms),
    jacobianVectorProducts: 2,
  }),
  memory: () => 'constant',
  build: (b, { momentumRate, neumannTerms, ...options }) =>
    twoLevelMomentum(b, {
      ...options,
      lowerMomentumRate: momentumRate,
      upperMomentumRate: momentumRate,
      factors: (index) => drawFactors(b.facts.seed, index, neumannTerms),
      factorsBelow: neumannTerms,
    }),
});
