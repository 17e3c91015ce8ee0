import { atIteration } from '../../machine/builder.js';
import { defineMethod } from '../../method.js';
import { descentOptions, linearRateOption, linearStepsOption, lowerStepsOption } from '../../parts/level-options.js';
import { implicitIteration } from '../../parts/linear-system/implicit.js';
import { systemDescent } from '../../parts/linear-system/system-descent.js';

const source = 'Arbel and Mairal 2022, arXiv:2111.14580';
const defaults = 'benchmark of Dagreou et al. 2022';

/**
 * v is stepped T times along grad_v g and z Q times along grad_vv g z - grad_v f, each on a mini-batch of its own and
 * both from where the iteration before left them; then u along grad_u f - grad_uv g z.
 */
export const amigo = defineMethod({
  name: 'amigo',
  title: 'AmIGO',
  source,
  summary: 'Stochastic steps on the lower level and on the linear system, both warm started.',
  options: {
    lowerSteps: lowerStepsOption(10, defaults),
    linearSteps: linearStepsOption(10, defaults),
    linearLearningRate: linearRateOption(0.1, defaults),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  evaluations: ({ lowerSteps, linearSteps }) => ({
    fGradients: 1,
    gGradients: lowerSteps,
    hessianVectorProducts: linearSteps,
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, options) {
    const rate = atIteration(options.linearLearningRate);
    const mover = { optimizer: 'sgd', rate, rateOption: 'linearLearningRate', settings: options } as const;
    const system = systemDescent(b, mover, { along: 'residual', draws: 'fresh' });
    return implicitIteration(b, { ...options, ...b.pair(options), system, warmStart: true, draws: 'fresh' });
  },
});
