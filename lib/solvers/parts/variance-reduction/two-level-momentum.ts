import type { Schedule } from '../../../schedules/index.js';
import type { MethodBuilder } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import { assign } from '../../machine/level.js';
import type { LevelSettings } from '../level-options.js';
import { constantRate, neumannSeriesAt } from '../linear-system/neumann.js';
import { SeriesPoint } from '../linear-system/series-point.js';
import { oldPoint, recursiveMomentum } from './recursive-momentum.js';

export interface TwoLevelMomentum extends LevelSettings {
  readonly lowerMomentumRate: Schedule;
  readonly upperMomentumRate: Schedule;
  readonly neumannRate: number;
  /** Factors of the series in iteration `index`. */
  readonly factors: (index: number) => number;
  /** For a random number of factors: what it stays below. */
  readonly factorsBelow?: number;
}

/**
 * Both levels move at once along recursively corrected directions: p of grad_v g, and d of grad_u f - grad_uv g z with
 * the Neumann series z. The old and the present point are evaluated on the same mini-batches: one of g for p, and for d
 * one of f, one of g for each factor and one for the cross term.
 */
export function twoLevelMomentum(
  b: MethodBuilder,
  { lowerMomentumRate, upperMomentumRate, neumannRate, factors, factorsBelow, ...levels }: TwoLevelMomentum,
): (iteration: Iteration) => Promise<object> {
  const { upper, lower } = b.pair(levels);
  const before = { u: oldPoint(b, 'u', b.upperVariables), v: oldPoint(b, 'v', b.lowerVariables) };
  const [present, old] = [new SeriesPoint(b, 'present'), new SeriesPoint(b, 'old', before)];
  const stepsBelow = factorsBelow === undefined ? {} : { stepsBelow: factorsBelow };
  const series = neumannSeriesAt(b, constantRate(neumannRate), [present, old], { draws: 'fresh', ...stepsBelow });
  const lowerEstimate = recursiveMomentum(b, 'lowerDirection', b.lowerVariables, lowerMomentumRate);
  const upperEstimate = recursiveMomentum(b, 'upperDirection', b.upperVariables, upperMomentumRate);
  const lowerDirection = b.phase(
    'lowerDirection',
    (o) => {
      const gradient = o.lowerGradient();
      const direction = lowerEstimate.direction(gradient, o.at(before).lowerGradient());
      return {
        updates: lowerEstimate.keep(direction),
        reports: { g: o.g, lowerGradient: gradient },
      };
    },
    { draws: 'fresh' },
  );
  const step = b.phase(
    'step',
    (o) => {
      const direction = upperEstimate.direction(present.direction(o), old.direction(o));
      return {
        updates: [
          ...upperEstimate.keep(direction),
          ...assign(before.u, upper.nodes),
          ...assign(before.v, lower.nodes),
          ...upper.step(direction),
          ...lower.step(lowerEstimate.last),
        ],
        reports: { hypergradient: direction },
      };
    },
    { draws: 'fresh' },
  );
  return async (iteration) => {
    await iteration.run(lowerDirection);
    await series.solve(iteration, factors(iteration.index));
    await iteration.run(step);
    return {};
  };
}
