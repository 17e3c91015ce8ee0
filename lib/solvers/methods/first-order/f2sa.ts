import { minus, plusScaled } from '../../../bilevel/index.js';
import { add, div } from '../../../graph/index.js';
import { powerLaw } from '../../../schedules/index.js';
import { Tensor } from '../../../tensor.js';
import { atIteration } from '../../machine/builder.js';
import { assign } from '../../machine/level.js';
import { defineMethod } from '../../method.js';
import { descentOptions, innerRateOption, lowerStepsOption } from '../../parts/level-options.js';
import { lowerCopy } from '../../parts/lower-copy.js';

const source = 'Kwon, Kwon, Wright and Nowak 2023';
const defaults = 'benchmark of Dagreou et al. 2022';
const [lowerDecay, upperDecay] = [5 / 7, 4 / 7];

/**
 * v follows f + lambda g, a copy w follows g, and u moves along grad_u f(u, v) + lambda (grad_u g(u, v) - grad_u g(u,
 * w)), while lambda grows.
 */
export const f2sa = defineMethod({
  name: 'f2sa',
  title: 'F2SA',
  source,
  summary:
    'A growing penalty on the value gap of the lower level, on fresh mini-batches, with first derivatives alone.',
  options: {
    lowerSteps: lowerStepsOption(10, defaults),
    multiplier: { kind: 'number', above: 0, default: 1, text: 'First weight lambda of g.', source: defaults },
    multiplierGrowth: {
      kind: 'schedule',
      min: 0,
      default: powerLaw(0.1, 1 / 7),
      text: 'What is added to lambda, by iteration.',
      source: defaults,
    },
    ...descentOptions({ upper: powerLaw(0.01, upperDecay), lower: powerLaw(0.01, lowerDecay) }),
    innerLearningRate: innerRateOption(powerLaw(0.01, upperDecay)),
  },
  lowerDescendsUpper: true,
  evaluations: ({ lowerSteps }) => ({
    fGradients: lowerSteps + 1,
    gGradients: 2 * lowerSteps + 2,
    hessianVectorProducts: 0,
    jacobianVectorProducts: 0,
  }),
  memory: () => 'constant',
  build(b, options) {
    const multiplier = b.tensor('multiplier', [], () => Tensor.from([options.multiplier], []));
    const upper = b.upper(options);
    // The curvature of f, as large as that of g, and the multiplier times it.
    const lower = b.lower(options, { bound: (limit) => div(limit, add(1, multiplier)) });
    const solved = lowerCopy(b, 'w', options, 'innerLearningRate');
    const growth = b.scalar('multiplierGrowth', atIteration(options.multiplierGrowth));
    const lowerStep = b.phase(
      'lower',
      (o) => {
        const gradient = o.lowerGradient();
        return {
          updates: [
            ...solved.step(o.at({ v: solved.nodes }).lowerGradient()),
            ...lower.step(plusScaled(o.fGradient().v, multiplier, gradient)),
          ],
          reports: { g: o.g, lowerGradient: gradient },
        };
      },
      { draws: 'fresh' },
    );
    const upperStep = b.phase(
      'upper',
      (o) => {
        const gap = minus(o.gGradient().u, o.at({ v: solved.nodes }).gGradient().u);
        const direction = plusScaled(o.fGradient().u, multiplier, gap);
        return {
          updates: [...upper.step(direction), ...assign([multiplier], [add(multiplier, growth)])],
          reports: { f: o.f, hypergradient: direction },
        };
      },
      { draws: 'fresh' },
    );
    return async (iteration) => {
      const [used = Number.NaN] = await iteration.read('multiplier');
      await iteration.run(lowerStep, options.lowerSteps);
      await iteration.run(upperStep);
      return { multiplier: used };
    };
  },
});
