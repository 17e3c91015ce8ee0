import { powerLaw } from '../../../schedules/index.js';
import { defineMethod } from '../../method.js';
import { jointDirections, jointLevels, jointReports } from '../../parts/joint.js';
import { descentOptions } from '../../parts/level-options.js';

/**
 * u, v and the solution z of grad_vv g z = grad_v f move at once, each along its stochastic direction at the old point:
 *
 *     v -= r_k grad_v g        z -= r_k (grad_vv g z - grad_v f)        u -= a_k (grad_u f - grad_uv g z)
 */
export const soba = defineMethod({
  name: 'soba',
  title: 'SOBA',
  source: 'Dagreou, Ablin, Vaiter and Moreau 2022',
  summary: 'One joint step of u, v and the linear system on fresh mini-batches: a single loop.',
  options: descentOptions({ upper: powerLaw(0.1, 0.5), lower: powerLaw(0.1, 0.5) }),
  interior: true,
  evaluations: () => ({
    fGradients: 1,
    gGradients: 1,
    hessianVectorProducts: 1,
    jacobianVectorProducts: 1,
  }),
  memory: () => 'constant',
  build(b, options) {
    const joint = jointLevels(b, options);
    const step = b.phase(
      'step',
      (o) => {
        const directions = jointDirections(o, joint.system.nodes);
        return { updates: joint.step(directions), reports: jointReports(b, o, directions) };
      },
      { draws: 'fresh' },
    );
    return async (iteration) => {
      await iteration.run(step);
      return {};
    };
  },
});
