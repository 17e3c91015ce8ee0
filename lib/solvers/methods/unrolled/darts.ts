import { plus } from '../../../bilevel/index.js';
import { gradient, inner, stopGradient } from '../../../graph/index.js';
import { defineMethod } from '../../method.js';
import { differenceProducts } from '../../parts/differences.js';
import { descentOptions, slotsOption } from '../../parts/level-options.js';
import { lowerPhase } from '../../parts/lower-phase.js';

const source = 'Liu, Simonyan and Yang 2019, Algorithm 1 and equations 7 and 8';

/**
 * u moves along the derivative of f(u, v') through a single lower step to v', whose second derivative is a central
 * difference:
 *
 *     v' = v - rho grad_v g(u, v)        c = grad_v f(u, v')        eps = radius / |c|
 *     u <- u - sigma (grad_u f(u, v') - rho (grad_u g(u, v + eps c) - grad_u g(u, v - eps c)) / (2 eps))
 *     v <- v - rho grad_v g(u, v)        at the new u
 */
export const darts = defineMethod({
  name: 'darts',
  title: 'DARTS',
  source,
  summary: 'Differentiates through one lower step by finite differences of gradients of g, then makes it.',
  options: {
    radius: {
      kind: 'number',
      above: 0,
      default: 0.01,
      text: 'Length of the difference: its points are this far from v.',
      source,
    },
    ...descentOptions({ optimizer: 'adam', upper: 3e-4, lower: 0.025 }),
    slots: slotsOption,
  },
  rows: true,
  evaluations: () => ({ fGradients: 1, gGradients: 4, hessianVectorProducts: 0, jacobianVectorProducts: 0 }),
  memory: () => 'constant',
  build(b, { radius, ...levels }) {
    const { upper, lower } = b.pair(levels);
    const upperStep = b.phase('upper', (o) => {
      const lowerGradient = o.lowerGradient().map(stopGradient);
      const present = lower.carried.map(({ node }) => node);
      const ahead = lower.stepped(present, lowerGradient).slice(0, lower.nodes.length);
      const at = o.at({ v: ahead.map(stopGradient) });
      const { u, v } = at.fGradient();
      // What stands between v' and the gradient in the step: the rate, the optimizer, and a projection that ends it.
      const c = gradient(inner(ahead, v.map(stopGradient)), lowerGradient);
      const hypergradient = plus(u, differenceProducts(b, o, c, radius).u);
      return { updates: upper.step(hypergradient), reports: { f: at.f, hypergradient } };
    });
    const lowerStep = lowerPhase(b, lower);
    return async (iteration) => {
      await iteration.run(upperStep);
      await iteration.run(lowerStep);
      return {};
    };
  },
});
