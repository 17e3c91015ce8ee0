import { minus, plus, plusScaled, scaled } from '../../../bilevel/index.js';
import { div } from '../../../graph/index.js';
import { powerLaw } from '../../../schedules/index.js';
import { atIteration } from '../../machine/builder.js';
import { defineMethod } from '../../method.js';
import { descentOptions, innerRateOption, slotsOption } from '../../parts/level-options.js';
import { lowerCopy } from '../../parts/lower-copy.js';

const source = 'Liu, Liu, Yao, Zeng and Zhang 2024';

/**
 * The lower level becomes g(u, v) - min over theta of g(u, theta) + proximity / 2 |theta - v|^2 = 0, a gap with the
 * Moreau envelope of g. Its weight against f is c_k; theta, v and u make a step each, in this order and at the newest
 * point.
 */
export const meha = defineMethod({
  name: 'meha',
  title: 'MEHA',
  source,
  summary: 'A penalty on the gap between g and its Moreau envelope: a single loop for lower levels without convexity.',
  options: {
    penalty: {
      kind: 'schedule',
      above: 0,
      default: powerLaw(1, -1 / 4),
      text: 'Weight c of the gap against f, by iteration.',
      source,
    },
    proximity: {
      kind: 'number',
      above: 0,
      default: 0.2,
      text: 'Weight 1 / gamma of the proximal term |theta - v|^2 / 2; more than the negative curvature of g.',
      source,
    },
    ...descentOptions({ upper: 0.01, lower: 0.1 }),
    innerLearningRate: innerRateOption(0.01),
    slots: slotsOption,
  },
  rows: true,
  lowerDescendsUpper: true,
  evaluations: () => ({ fGradients: 2, gGradients: 4, hessianVectorProducts: 0, jacobianVectorProducts: 0 }),
  memory: () => 'constant',
  build(b, options) {
    const { upper, lower } = b.pair(options);
    const theta = lowerCopy(b, 'theta', options, 'innerLearningRate');
    const c = b.scalar('penalty', atIteration(options.penalty));
    const pull = scaled(options.proximity, minus(theta.nodes, lower.nodes));
    const proximalStep = b.phase('proximal', (o) => ({
      updates: theta.step(plus(o.at({ v: theta.nodes }).lowerGradient(), pull)),
    }));
    const lowerStep = b.phase('lower', (o) => {
      const gradient = o.lowerGradient();
      return {
        updates: lower.step(plus(plusScaled(gradient, div(1, c), o.fGradient().v), pull)),
        reports: { g: o.g, lowerGradient: gradient },
      };
    });
    const upperStep = b.phase('upper', (o) => {
      const gap = minus(o.gGradient().u, o.at({ v: theta.nodes }).gGradient().u);
      const f = o.fGradient().u;
      return {
        updates: upper.step(plusScaled(gap, div(1, c), f)),
        reports: { f: o.f, hypergradient: plusScaled(f, c, gap) },
      };
    });
    return async (iteration) => {
      for (const phase of [proximalStep, lowerStep, upperStep]) await iteration.run(phase);
      return { penalty: options.penalty.at(iteration.index) };
    };
  },
});
