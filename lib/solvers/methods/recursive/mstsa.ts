import { constant, powerLaw } from '../../../schedules/index.js';
import { assign } from '../../machine/level.js';
import { defineMethod } from '../../method.js';
import { descentOptions, neumannOptions } from '../../parts/level-options.js';
import { constantRate, neumannSeriesAt } from '../../parts/linear-system/neumann.js';
import { SeriesPoint } from '../../parts/linear-system/series-point.js';
import { momentumOption, oldPoint, recursiveMomentum } from '../../parts/variance-reduction/recursive-momentum.js';

const source = 'Khanduri, Zeng, Hong, Wai, Wang and Yang 2021, first version';
const defaults = 'code of Yang, Ji and Liang 2021';

/** A plain step of v, then one of u along a recursively corrected hypergradient estimate. */
export const mstsa = defineMethod({
  name: 'mstsa',
  title: 'MSTSA',
  source,
  summary: 'One plain stochastic step of v, then one of u along a recursive-momentum (STORM) estimate.',
  options: {
    momentumRate: momentumOption(constant(0.5), 'Share of the new hypergradient estimate (e_k).', defaults),
    ...neumannOptions(0.5, 3, defaults),
    ...descentOptions({ upper: powerLaw(0.1, 1 / 2), lower: powerLaw(0.1, 1 / 2) }),
  },
  interior: true,
  // In the first iteration the old point has no weight, but is evaluated all the same.
  evaluations: ({ neumannFactors }) => ({
    fGradients: 2,
    gGradients: 1,
    hessianVectorProducts: 2 * neumannFactors,
    jacobianVectorProducts: 2,
  }),
  memory: () => 'constant',
  build(b, { momentumRate, neumannRate, neumannFactors, ...levels }) {
    const { upper, lower } = b.pair(levels);
    const before = { u: oldPoint(b, 'u', b.upperVariables), v: oldPoint(b, 'v', b.lowerVariables) };
    const [present, old] = [new SeriesPoint(b, 'present'), new SeriesPoint(b, 'old', before)];
    const series = neumannSeriesAt(b, constantRate(neumannRate), [present, old], { draws: 'fresh' });
    const estimate = recursiveMomentum(b, 'direction', b.upperVariables, momentumRate);
    const lowerStep = b.phase(
      'lower',
      (o) => {
        const gradient = o.lowerGradient();
        return {
          updates: [...assign(before.v, lower.nodes), ...lower.step(gradient)],
          reports: { g: o.g, lowerGradient: gradient },
        };
      },
      { draws: 'fresh' },
    );
    const upperStep = b.phase(
      'upper',
      (o) => {
        const direction = estimate.direction(present.direction(o), old.direction(o));
        return {
          updates: [...estimate.keep(direction), ...assign(before.u, upper.nodes), ...upper.step(direction)],
          reports: { hypergradient: direction },
        };
      },
      { draws: 'fresh' },
    );
    return async (iteration) => {
      await iteration.run(lowerStep);
      await series.solve(iteration, neumannFactors);
      await iteration.run(upperStep);
      return {};
    };
  },
});
