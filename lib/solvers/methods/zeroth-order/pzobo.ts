import { dotOfSlices, minus, plus } from '../../../bilevel/index.js';
import type { Options } from '../../../options.js';
import type { MethodBuilder } from '../../machine/builder.js';
import type { Iteration } from '../../machine/iteration.js';
import type { PhaseDraws } from '../../machine/phase.js';
import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { pathEvaluations, perturbedPaths, perturbedPathsOptions } from '../../parts/perturbed-paths.js';

const source = 'Sow, Ji and Liang 2022';
const defaults = 'experiments of Sow, Ji and Liang 2022';

export const pzoboOptions = {
  lowerSteps: lowerStepsOption(10, defaults),
  ...perturbedPathsOptions({ directions: 1, mode: 'gaussian', smoothing: 0.1 }, defaults),
  warmStart: warmStartOption(true),
  ...descentOptions({ upper: 0.1, lower: 0.1 }),
} as const;

/** u moves along grad_u f + sum_j <(v_j - v) / mu, grad_v f> e_j, where v_j and v are the ends of the lower paths. */
export const pzobo = defineMethod({
  name: 'pzobo',
  title: 'PZOBO',
  source,
  summary: 'Estimates how v answers to u by differences of lower paths at perturbed u: no second derivatives.',
  options: { ...pzoboOptions, slots: slotsOption },
  rows: true,
  evaluations: (options) => ({ ...pathEvaluations(options), fGradients: 1 }),
  memory: () => 'constant',
  build: (b, options) => pzoboIteration(b, options, 'same'),
});

/**
 * @param draws whether every lower step and grad f see a mini-batch of their own, the lower ones shared by all paths
 */
export function pzoboIteration(b: MethodBuilder, options: Options<typeof pzoboOptions>, draws: PhaseDraws) {
  const { upper, lower } = b.pair(options);
  const paths = perturbedPaths(b, lower, options, { draws });
  const upperStep = b.phase(
    'upper',
    (o) => {
      const { u, v } = o.fGradient();
      const along = dotOfSlices(minus(paths.ends, o.v), v, b.trials === undefined ? 1 : 2);
      const direction = plus(u, paths.estimate(along));
      return { updates: upper.step(direction), reports: { f: o.f, hypergradient: direction } };
    },
    { draws },
  );
  return async (iteration: Iteration) => {
    if (!options.warmStart) iteration.restart(lower);
    await paths.run(iteration, options.lowerSteps);
    await iteration.run(upperStep);
    return {};
  };
}
