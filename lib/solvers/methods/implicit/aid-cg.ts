import { defineMethod } from '../../method.js';
import {
  descentOptions,
  linearStepsOption,
  lowerStepsOption,
  tikhonovOption,
  warmStartOption,
} from '../../parts/level-options.js';
import { conjugateGradient } from '../../parts/linear-system/conjugate-gradient.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';

const source = 'Pedregosa 2016; Grazzi, Franceschi, Pontil and Salzo 2020';
const experiments = 'experiments of Sow, Ji and Liang 2022';

/**
 * v is stepped T times, then grad_vv g z = grad_v f is solved by conjugate gradients and u moves along grad_u f -
 * grad_uv g z.
 */
export const aidCg = defineMethod({
  name: 'aidCg',
  title: 'AID-CG',
  source,
  summary: 'Approximate implicit differentiation: the linear system by conjugate gradients.',
  options: {
    lowerSteps: lowerStepsOption(20, experiments),
    linearSteps: linearStepsOption(20, experiments),
    tikhonov: tikhonovOption(0),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  addedCurvature: ({ tikhonov }) => tikhonov,
  evaluations: ({ lowerSteps, linearSteps }) => ({
    fGradients: 1,
    gGradients: lowerSteps,
    hessianVectorProducts: linearSteps,
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, options) {
    const system = conjugateGradient(b, { tikhonov: options.tikhonov });
    return implicitIteration(b, { ...options, ...b.pair(options), system });
  },
});
