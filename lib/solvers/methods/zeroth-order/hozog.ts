import { sub } from '../../../graph/index.js';
import { defineMethod } from '../../method.js';
import { descentOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';
import { pathEvaluations, perturbedPaths, perturbedPathsOptions } from '../../parts/perturbed-paths.js';

const source = 'Gu et al. 2021 and their code';

/** u moves along sum_j (f(u + mu e_j, v_j) - f(u, v)) / mu e_j, where v_j and v are the ends of the lower paths. */
export const hozog = defineMethod({
  name: 'hozog',
  title: 'HOZOG',
  source,
  summary: 'Estimates the whole hypergradient by differences of f at the ends of perturbed lower paths.',
  options: {
    lowerSteps: lowerStepsOption(10),
    ...perturbedPathsOptions({ directions: 5, mode: 'sphere', smoothing: 0.01 }, source),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.001, lower: 0.1 }),
    slots: slotsOption,
  },
  rows: true,
  evaluations: (options) => ({ ...pathEvaluations(options), fGradients: 0 }),
  memory: () => 'constant',
  build(b, options) {
    const { upper, lower } = b.pair(options);
    const paths = perturbedPaths(b, lower, options);
    const upperStep = b.phase('upper', (o) => {
      const direction = paths.estimate(sub(paths.at(o).f, o.f));
      return { updates: upper.step(direction), reports: { f: o.f, hypergradient: direction } };
    });
    return async (iteration) => {
      if (!options.warmStart) iteration.restart(lower);
      await paths.run(iteration, options.lowerSteps);
      await iteration.run(upperStep);
      return {};
    };
  },
});
