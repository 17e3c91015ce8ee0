import { minus, plusScaled } from '../../../bilevel/index.js';
import { add, div, greater, maximum, mul, sub, where } from '../../../graph/index.js';
import { defineMethod } from '../../method.js';
import { descentOptions, innerRateOption, lowerStepsOption, slotsOption } from '../../parts/level-options.js';
import { copyDescent, copyStart, lowerCopy } from '../../parts/lower-copy.js';

const source = 'Ye, Liu, Wright, Stone and Liu 2022';

/**
 * With w after T steps on g from v, the gap q = g(u, v) - g(u, w) is driven to zero while f descends as far as that
 * allows: (u, v) moves along grad f + lambda grad q, lambda = max(phi - <grad f, grad q>, 0) / |grad q|^2, which makes
 * q fall at the rate phi at least.
 */
export const bome = defineMethod({
  name: 'bome',
  title: 'BOME',
  source,
  summary: 'Descends f subject to a steady fall of the gap of the lower level, with first derivatives alone.',
  options: {
    lowerSteps: lowerStepsOption(10, source),
    barrier: {
      kind: 'choice',
      values: ['gradient', 'gap'],
      default: 'gradient',
      text: 'The rate phi at which the gap q must fall: eta |grad q|^2 or eta q.',
      source,
    },
    barrierFactor: { kind: 'number', above: 0, default: 0.5, text: 'Factor eta of the barrier.', source },
    ...descentOptions({ upper: 0.01, lower: 0.01 }),
    innerLearningRate: innerRateOption(0.01),
    slots: slotsOption,
  },
  rows: true,
  interior: true,
  lowerDescendsUpper: true,
  evaluations: ({ lowerSteps }) => ({
    fGradients: 1,
    gGradients: lowerSteps + 2,
    hessianVectorProducts: 0,
    jacobianVectorProducts: 0,
  }),
  memory: () => 'constant',
  build(b, options) {
    const { upper, lower } = b.pair(options);
    const { barrier, barrierFactor } = options;
    const solved = lowerCopy(b, 'w', options, 'innerLearningRate');
    const start = copyStart(b, solved, lower);
    const solve = copyDescent(b, solved);
    const step = b.phase('step', (o) => {
      const [f, g, there] = [o.fGradient(), o.gGradient(), o.at({ v: solved.nodes })];
      const q = { u: minus(g.u, there.gGradient().u), v: g.v };
      const square = add(b.squaredNorm(q.u), b.squaredNorm(q.v));
      const along = add(b.dot(f.u, q.u), b.dot(f.v, q.v));
      const phi = mul(barrierFactor, barrier === 'gradient' ? square : sub(o.g, there.g));
      // Where grad q vanishes there is nothing to weigh.
      const slopes = greater(square, 0);
      const multiplier = where(slopes, div(maximum(sub(phi, along), 0), where(slopes, square, 1)), 0);
      const direction = plusScaled(f.u, multiplier, q.u);
      return {
        updates: [...upper.step(direction), ...lower.step(plusScaled(f.v, multiplier, q.v))],
        reports: { f: o.f, g: o.g, lowerGradient: g.v, hypergradient: direction },
      };
    });
    return async (iteration) => {
      await start(iteration);
      await iteration.run(solve, options.lowerSteps);
      await iteration.run(step);
      return {};
    };
  },
});
