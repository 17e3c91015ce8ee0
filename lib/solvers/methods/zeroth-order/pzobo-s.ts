import { defineMethod } from '../../method.js';
import { pathEvaluations } from '../../parts/perturbed-paths.js';
import { pzoboIteration, pzoboOptions } from './pzobo.js';

/** PZOBO with a new mini-batch for every lower step, which all paths share, and another for the gradients of f. */
export const pzoboS = defineMethod({
  name: 'pzoboS',
  title: 'PZOBO-S',
  source: 'Sow, Ji and Liang 2022',
  summary: 'PZOBO on stochastic lower steps, with common random numbers for all paths.',
  options: pzoboOptions,
  evaluations: (options) => ({ ...pathEvaluations(options), fGradients: 1 }),
  memory: () => 'constant',
  build: (b, options) => pzoboIteration(b, options, 'fresh'),
});
