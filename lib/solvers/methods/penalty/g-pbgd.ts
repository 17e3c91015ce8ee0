import { scaled } from '../../../bilevel/index.js';
import { add, div, mul } from '../../../graph/index.js';
import { polynomial } from '../../../schedules/index.js';
import { atIteration } from '../../machine/builder.js';
import { defineMethod } from '../../method.js';
import { descentOptions, slotsOption } from '../../parts/level-options.js';
import { penaltyRates, penaltyWeightOption } from '../../parts/penalty-weight.js';

const source = 'Shen and Chen 2023';

/**
 * u and v move at once along the gradient of f + gamma |grad_v g|^2, at rates min(1 / gamma, 1) times those given: with
 * w = 2 gamma grad_v g held constant, grad_u f + grad_uv g w and grad_v f + grad_vv g w.
 */
export const gPbgd = defineMethod({
  name: 'gPbgd',
  title: 'G-PBGD',
  source,
  summary: 'A penalty on the squared gradient of the lower level, descended in both variables at once.',
  options: {
    gamma: penaltyWeightOption(polynomial(0, 37, 5000, 1), source),
    variant: {
      kind: 'choice',
      values: ['paper', 'authors'],
      default: 'paper',
      text: "The penalty: gamma |grad_v g|^2, or half of it as in the authors' code.",
    },
    ...descentOptions({ upper: 0.3, lower: 0.5 }),
    slots: slotsOption,
  },
  rows: true,
  interior: true,
  lowerDescendsUpper: true,
  evaluations: () => ({ fGradients: 1, gGradients: 1, hessianVectorProducts: 1, jacobianVectorProducts: 1 }),
  memory: () => 'constant',
  build(b, options) {
    const rates = penaltyRates(options);
    const factor = options.variant === 'paper' ? 2 : 1;
    const gradientWeight = b.scalar('gradientWeight', (state) => factor * atIteration(options.gamma)(state));
    const upper = b.upper(options, { rate: rates.upper });
    const lower = b.lower(options, {
      rate: rates.lower,
      // The curvature of f, as large as that of g, and the weight times its square.
      bound: (limit) => div(mul(limit, limit), add(limit, gradientWeight)),
    });
    const step = b.phase('step', (o) => {
      const gradient = o.lowerGradient();
      const lagrangian = o.lagrangianGradient(scaled(gradientWeight, gradient));
      return {
        updates: [...upper.step(lagrangian.u), ...lower.step(lagrangian.v)],
        reports: { f: o.f, g: o.g, lowerGradient: gradient, hypergradient: lagrangian.u },
      };
    });
    return async (iteration) => {
      await iteration.run(step);
      return { gamma: options.gamma.at(iteration.index) };
    };
  },
});
