import { minus, plusScaled } from '../../../bilevel/index.js';
import { constant, powerLaw } from '../../../schedules/index.js';
import { assign } from '../../machine/level.js';
import { defineMethod } from '../../method.js';
import { jointDirections, jointLevels, jointReports } from '../../parts/joint.js';
import { descentOptions } from '../../parts/level-options.js';

const source = 'Chen, Xiao and Balasubramanian 2023, arXiv:2306.12067';

/**
 * SOBA with u moved along a moving average of its directions, all of them at the old point:
 *
 *     h <- (1 - th_k) h + th_k (grad_u f - grad_uv g z)        u -= a_k h
 */
export const maSoba = defineMethod({
  name: 'maSoba',
  title: 'MA-SOBA',
  source,
  summary: 'SOBA with a moving average of the directions of u.',
  options: {
    averaging: {
      kind: 'schedule',
      above: 0,
      max: 1,
      default: constant(0.1),
      text: 'Share of the new direction in the moving average, by iteration.',
    },
    ...descentOptions({ upper: powerLaw(0.1, 0.5), lower: powerLaw(0.1, 0.5) }),
  },
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
    const average = b.vector('average', b.upperVariables);
    const share = b.scalar('averaging', ({ counters }) => options.averaging.at(counters.iteration ?? 0));
    const step = b.phase(
      'step',
      (o) => {
        const { u: present, v, z } = jointDirections(o, joint.system.nodes);
        const directions = { u: plusScaled(average, share, minus(present, average)), v, z };
        return {
          updates: [...assign(average, directions.u), ...joint.step(directions)],
          reports: jointReports(b, o, directions),
        };
      },
      { draws: 'fresh' },
    );
    return async (iteration) => {
      await iteration.run(step);
      return {};
    };
  },
});
