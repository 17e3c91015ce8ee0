import { minus, type Oracles } from '../../../bilevel/index.js';
import { blocksOf } from '../../machine/blocks.js';
import type { Update } from '../../machine/level.js';
import type { Phase } from '../../machine/phase.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { jointLevels } from '../../parts/joint.js';
import { descentOptions } from '../../parts/level-options.js';
import { relativeResidual } from '../../parts/linear-system/linear-system.js';
import { averageGradient } from '../../parts/variance-reduction/average-gradient.js';

const source = 'Dagreou, Ablin, Vaiter and Moreau 2022, NeurIPS';
const defaults = 'benchmark of Dagreou et al. 2022';

/**
 * SOBA with each of the five quantities of its directions replaced by SAGA's estimate: on the present block of rows the
 * new value, less the one remembered for the block, plus the mean of all that are remembered.
 */
export const saba = defineMethod({
  name: 'saba',
  title: 'SABA',
  source,
  summary: 'SOBA with memories of all blocks of rows (SAGA), whose noise vanishes at constant rates.',
  options: {
    memoryStart: {
      kind: 'choice',
      values: ['zero', 'full'],
      default: 'zero',
      text: 'Memories at the start: zero, or the values of all blocks by a pass over the data.',
      source: defaults,
    },
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  blocks: true,
  evaluations({ memoryStart }, index, problem) {
    const fills = memoryStart === 'full' && index === 0;
    const { fBatches, gBatches } = fills ? factsOf(problem) : { fBatches: 0, gBatches: 0 };
    return {
      fGradients: 1 + fBatches,
      gGradients: 1 + gBatches,
      hessianVectorProducts: 1 + gBatches,
      jacobianVectorProducts: 1 + gBatches,
    };
  },
  memory: () => 'constant',
  build(b, options) {
    const joint = jointLevels(b, options);
    const z = joint.system.nodes;
    const blocks = { f: blocksOf(b.problem, 'f'), g: blocksOf(b.problem, 'g') };
    const tables = {
      lowerGradient: averageGradient(b, 'lowerGradient', b.lowerVariables, blocks.g),
      hessianProduct: averageGradient(b, 'hessianProduct', b.lowerVariables, blocks.g),
      jacobianProduct: averageGradient(b, 'jacobianProduct', b.upperVariables, blocks.g),
      fLower: averageGradient(b, 'fLower', b.lowerVariables, blocks.f),
      fUpper: averageGradient(b, 'fUpper', b.upperVariables, blocks.f),
    };
    const ofG = (o: Oracles) => {
      const [gradient, hessian, jacobian] = [o.lowerGradient(), o.hessianVectorProduct(z), o.jacobianVectorProduct(z)];
      return {
        gradient,
        v: tables.lowerGradient.estimate(gradient),
        hessian: tables.hessianProduct.estimate(hessian),
        jacobian: tables.jacobianProduct.estimate(jacobian),
        remember: [
          ...tables.lowerGradient.remember(gradient),
          ...tables.hessianProduct.remember(hessian),
          ...tables.jacobianProduct.remember(jacobian),
        ],
      };
    };
    const ofF = (o: Oracles) => {
      const { u, v } = o.fGradient();
      return {
        u: tables.fUpper.estimate(u),
        v: tables.fLower.estimate(v),
        remember: [...tables.fUpper.remember(u), ...tables.fLower.remember(v)],
      };
    };
    const step = b.phase(
      'step',
      (o) => {
        const [f, g] = [ofF(o), ofG(o)];
        const [u, residual] = [minus(f.u, g.jacobian), minus(g.hessian, f.v)];
        return {
          updates: [...f.remember, ...g.remember, ...joint.step({ u, v: g.v, z: residual })],
          reports: {
            f: o.f,
            g: o.g,
            lowerGradient: g.v,
            hypergradient: u,
            linearResidual: relativeResidual(b.norm(residual), b.norm(f.v)),
          },
        };
      },
      { draws: 'fresh' },
    );
    const fill = (name: string, count: number, write: (o: Oracles) => readonly Update[]) => {
      const phase = b.phase(name, (o) => ({ updates: write(o) }), { draws: 'all' });
      return new Array<Phase>(count).fill(phase);
    };
    const fills =
      options.memoryStart === 'zero'
        ? []
        : [
            ...fill('fillLower', blocks.g.count, (o) => ofG(o).remember),
            ...fill('fillUpper', blocks.f.count, (o) => ofF(o).remember),
          ];
    return async (iteration) => {
      // One block at a time, so that an iteration can be stopped before it changes anything.
      if (iteration.index === 0) for (const phase of fills) await iteration.run(phase);
      await iteration.run(step);
      return {};
    };
  },
});
