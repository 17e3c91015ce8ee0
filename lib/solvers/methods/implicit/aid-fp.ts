import { atIteration } from '../../machine/builder.js';
import { defineMethod } from '../../method.js';
import { descentOptions, linearStepsOption, lowerStepsOption, warmStartOption } from '../../parts/level-options.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';
import { neumannSeries } from '../../parts/linear-system/neumann.js';

const source = 'Grazzi, Franceschi, Pontil and Salzo 2020';
const experiments = 'experiments of Sow, Ji and Liang 2022';

/**
 * v is stepped T times, then Q steps of the fixed point x <- (I - rho grad_vv g) x + grad_v f are made from 0, with the
 * rate rho of the lower steps. Their z = rho x is the Neumann series of Q terms: the first step needs no product.
 */
export const aidFp = defineMethod({
  name: 'aidFp',
  title: 'AID-FP',
  source,
  summary: 'Approximate implicit differentiation: the linear system by fixed-point iterations.',
  options: {
    lowerSteps: lowerStepsOption(20, experiments),
    linearSteps: linearStepsOption(20, experiments),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  evaluations: ({ lowerSteps, linearSteps }) => ({
    fGradients: 1,
    gGradients: lowerSteps,
    hessianVectorProducts: linearSteps - 1,
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, options) {
    const at = (index: number): number => options.lowerLearningRate.at(index);
    const node = b.scalar('linearSystemRate', atIteration(options.lowerLearningRate));
    const system = neumannSeries(b, { node, option: 'lowerLearningRate', at });
    const linearSteps = options.linearSteps - 1;
    return implicitIteration(b, { ...options, ...b.pair(options), system, linearSteps });
  },
});
