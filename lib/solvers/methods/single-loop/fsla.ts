import { type Oracles, scaled, type Vector } from '../../../bilevel/index.js';
import { powerLaw } from '../../../schedules/index.js';
import { assign } from '../../machine/level.js';
import { defineMethod } from '../../method.js';
import { jointLevels } from '../../parts/joint.js';
import { descentOptions } from '../../parts/level-options.js';
import { relativeResidual } from '../../parts/linear-system/linear-system.js';
import { lowerPhase } from '../../parts/lower-phase.js';
import { momentumOption, oldPoint, recursiveMomentum } from '../../parts/variance-reduction/recursive-momentum.js';

const source = 'Li, Gu and Huang 2022, arXiv:2112.04660';
const defaults = 'benchmark of Dagreou et al. 2022';

/**
 * One step of v, then one of z at the new v, then one of u at the new v and z along the recursively corrected direction
 *
 *     d_k = D(u_k, v_{k+1}, z_{k+1}) + (1 - e_k) (d_{k-1} - D(u_{k-1}, v_k, z_k)) D estimates grad_u f - grad_uv g z
 */
export const fsla = defineMethod({
  name: 'fsla',
  title: 'FSLA',
  source,
  summary: 'One step each of v, the linear system and u in turn, with recursive momentum (STORM) for u.',
  options: {
    momentumRate: momentumOption(powerLaw(0.1, 1 / 2), 'Share of the new hypergradient estimate (e_k).', defaults),
    ...descentOptions({ upper: powerLaw(0.1, 1 / 2), lower: powerLaw(0.1, 1 / 2) }),
  },
  interior: true,
  // In the first iteration the old point has no weight, but is evaluated all the same.
  evaluations: () => ({
    fGradients: 3,
    gGradients: 1,
    hessianVectorProducts: 1,
    jacobianVectorProducts: 2,
  }),
  memory: () => 'constant',
  build(b, options) {
    const { upper, lower, system } = jointLevels(b, options);
    const z = system.nodes;
    const old = {
      u: oldPoint(b, 'u', b.upperVariables),
      v: b.scratchVector('old.v', b.lowerVariables),
      z: b.scratchVector('old.z', b.lowerVariables),
    };
    const estimate = recursiveMomentum(b, 'upperDirection', b.upperVariables, options.momentumRate);
    const keep = b.phase('keep', () => ({ updates: [...assign(old.v, lower.nodes), ...assign(old.z, z)] }));
    const lowerStep = lowerPhase(b, lower, { draws: 'fresh' });
    const systemStep = b.phase(
      'linearSystem',
      (o) => {
        const residual = scaled(-1, o.lagrangianGradient(scaled(-1, z)).v);
        const linearResidual = relativeResidual(b.norm(residual), b.norm(o.fGradient().v));
        return { updates: system.step(residual), reports: { linearResidual } };
      },
      { draws: 'fresh' },
    );
    const implicit = (o: Oracles, z: Vector): Vector => o.lagrangianGradient(scaled(-1, z)).u;
    const upperStep = b.phase(
      'upper',
      (o) => {
        const direction = estimate.direction(implicit(o, z), implicit(o.at(old), old.z));
        return {
          updates: [...estimate.keep(direction), ...assign(old.u, upper.nodes), ...upper.step(direction)],
          reports: { f: o.f, hypergradient: direction },
        };
      },
      { draws: 'fresh' },
    );
    return async (iteration) => {
      await iteration.run(keep);
      await iteration.run(lowerStep);
      await iteration.run(systemStep);
      await iteration.run(upperStep);
      return {};
    };
  },
});
