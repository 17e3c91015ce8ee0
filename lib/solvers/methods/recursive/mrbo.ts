import { powerLaw } from '../../../schedules/index.js';
import { defineMethod } from '../../method.js';
import { descentOptions, neumannOptions } from '../../parts/level-options.js';
import { momentumOption } from '../../parts/variance-reduction/recursive-momentum.js';
import { twoLevelMomentum } from '../../parts/variance-reduction/two-level-momentum.js';

const source = 'Yang, Ji and Liang 2021, arXiv:2106.04692';
const defaults = 'benchmark of Dagreou et al. 2022';

/**
 * u and v move at once along recursively corrected directions d and p:
 *
 *     p_k = G(u_k, v_k) + (1 - be_k) (p_{k-1} - G(u_{k-1}, v_{k-1}))       G estimates grad_v g
 *     d_k = D(u_k, v_k) + (1 - al_k) (d_{k-1} - D(u_{k-1}, v_{k-1}))       D estimates grad_u f - grad_uv g z
 */
export const mrbo = defineMethod({
  name: 'mrbo',
  title: 'MRBO',
  source,
  summary: 'One step of both levels along recursive-momentum (STORM) estimates, on small mini-batches: a single loop.',
  options: {
    lowerMomentumRate: momentumOption(powerLaw(0.5, 2 / 3), 'Share of the new estimate of grad_v g (be_k).', defaults),
    upperMomentumRate: momentumOption(
      powerLaw(0.5, 2 / 3),
      'Share of the new hypergradient estimate (al_k).',
      defaults,
    ),
    ...neumannOptions(0.1, 10, defaults),
    ...descentOptions({ upper: powerLaw(0.1, 1 / 3), lower: powerLaw(0.1, 1 / 3) }),
  },
  interior: true,
  // In the first iteration the old point is the present one and has no weight, but is evaluated all the same.
  evaluations: ({ neumannFactors }) => ({
    fGradients: 2,
    gGradients: 2,
    hessianVectorProducts: 2 * neumannFactors,
    jacobianVectorProducts: 2,
  }),
  memory: () => 'constant',
  build: (b, options) => twoLevelMomentum(b, { ...options, factors: () => options.neumannFactors }),
});
