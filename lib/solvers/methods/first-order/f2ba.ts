import { minus, type Oracles, plusScaled, scaled } from '../../../bilevel/index.js';
import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, slotsOption } from '../../parts/level-options.js';
import { copyStart, lowerCopy } from '../../parts/lower-copy.js';

const source = 'Chen, Ma and Zhang 2023, and their code';

/**
 * The hypergradient is the derivative by t, at 0, of grad_u of min over v of t f + g: taken as the difference between t
 * = nu, which v follows, and t = 0 or -nu, which a copy w follows.
 */
export const f2ba = defineMethod({
  name: 'f2ba',
  title: 'F2BA',
  source,
  summary: 'The hypergradient as a difference of first derivatives at two perturbed solutions of the lower level.',
  options: {
    lowerSteps: lowerStepsOption(10, source),
    difference: {
      kind: 'choice',
      values: ['forward', 'central'],
      default: 'forward',
      text: 'Between nu and 0, whose error falls like nu, or between nu and -nu, whose error falls like its square.',
      source,
    },
    perturbation: { kind: 'number', above: 0, default: 0.1, text: 'Weight nu of f beside g.', source },
    restart: {
      kind: 'boolean',
      default: false,
      text: 'Whether w starts at v in every iteration instead of going on.',
    },
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
    slots: slotsOption,
  },
  rows: true,
  lowerDescendsUpper: true,
  evaluations: ({ lowerSteps, difference }) => ({
    fGradients: (difference === 'forward' ? 1 : 2) * (lowerSteps + 1),
    gGradients: 2 * (lowerSteps + 1),
    hessianVectorProducts: 0,
    jacobianVectorProducts: 0,
  }),
  memory: () => 'constant',
  build(b, options) {
    const { upper, lower } = b.pair(options);
    const other = lowerCopy(b, 'w', options, 'lowerLearningRate');
    const nu = options.perturbation;
    const otherNu = options.difference === 'forward' ? 0 : -nu;
    /** The gradient of t f + g. */
    const gradient = (o: Oracles, level: 'u' | 'v', t: number) => {
      const g = o.gGradient()[level];
      return t === 0 ? g : plusScaled(g, t, o.fGradient()[level]);
    };
    const start = options.restart ? copyStart(b, other, lower) : undefined;
    const lowerStep = b.phase('lower', (o) => ({
      updates: [...lower.step(gradient(o, 'v', nu)), ...other.step(gradient(o.at({ v: other.nodes }), 'v', otherNu))],
      reports: { g: o.g, lowerGradient: o.lowerGradient() },
    }));
    const upperStep = b.phase('upper', (o) => {
      const difference = minus(gradient(o, 'u', nu), gradient(o.at({ v: other.nodes }), 'u', otherNu));
      const direction = scaled(1 / (nu - otherNu), difference);
      return { updates: upper.step(direction), reports: { f: o.f, hypergradient: direction } };
    });
    return async (iteration) => {
      await start?.(iteration);
      await iteration.run(lowerStep, options.lowerSteps);
      await iteration.run(upperStep);
      return {};
    };
  },
});
