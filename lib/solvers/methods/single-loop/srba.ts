import { minus, plus, scaled } from '../../../bilevel/index.js';
import { assign } from '../../machine/level.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { jointDirections, jointLevels } from '../../parts/joint.js';
import { descentOptions } from '../../parts/level-options.js';
import { relativeResidual } from '../../parts/linear-system/linear-system.js';
import { estimatePhase } from '../../parts/variance-reduction/estimate.js';
import { oldPoint } from '../../parts/variance-reduction/recursive-momentum.js';

const source = 'Dagreou, Moreau, Vaiter and Ablin 2023, arXiv:2302.08766';

/**
 * SOBA along directions that are exact in every q-th iteration, by a pass over all rows, and in between follow the
 * point by differences on one fresh mini-batch:  d_k = d_{k-1} + D(u_k, v_k, z_k) - D(u_{k-1}, v_{k-1}, z_{k-1}).
 */
export const srba = defineMethod({
  name: 'srba',
  title: 'SRBA',
  source,
  summary: 'SOBA with recursive differences (SARAH) between passes over all rows, at constant rates.',
  options: {
    period: {
      kind: 'integer',
      min: 1,
      max: 1_000_000_000,
      default: 100,
      text: 'Iterations from one pass over all rows to the next (q).',
    },
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  evaluations({ period }, index, problem) {
    const { fBatches, gBatches } = index % period === 0 ? factsOf(problem) : { fBatches: 2, gBatches: 2 };
    return {
      fGradients: fBatches,
      gGradients: gBatches,
      hessianVectorProducts: gBatches,
      jacobianVectorProducts: gBatches,
    };
  },
  memory: () => 'constant',
  build(b, options) {
    const joint = jointLevels(b, options);
    const z = joint.system.nodes;
    const old = {
      u: oldPoint(b, 'u', b.upperVariables),
      v: oldPoint(b, 'v', b.lowerVariables),
      z: b.vector('old.z', b.lowerVariables),
    };
    const direction = {
      u: b.vector('direction.u', b.upperVariables),
      v: b.vector('direction.v', b.lowerVariables),
      z: b.vector('direction.z', b.lowerVariables),
    };
    const all = [...direction.v, ...direction.z, ...direction.u];
    /** |grad_v f| where it was evaluated last. */
    const rightSide = b.scratch('rightSide', b.trials === undefined ? [] : [b.trials]);
    const lowerPass = estimatePhase(
      b,
      'lowerPass',
      'g',
      (o) => ({
        estimate: [...o.lowerGradient(), ...o.hessianVectorProduct(z), ...scaled(-1, o.jacobianVectorProduct(z))],
        result: (estimate) => ({ updates: assign(all, estimate), reports: { g: o.g } }),
      }),
      { draws: 'all' },
    );
    const upperPass = estimatePhase(
      b,
      'upperPass',
      'f',
      (o) => {
        const { u, v } = o.fGradient();
        const parts = [...direction.z, ...direction.u];
        return {
          estimate: [...scaled(-1, v), ...u],
          result: (estimate) => ({
            updates: [
              ...assign(parts, plus(parts, estimate)),
              ...assign([rightSide], [b.norm(estimate.slice(0, v.length))]),
            ],
            reports: { f: o.f },
          }),
        };
      },
      { draws: 'all' },
    );
    const difference = b.phase(
      'difference',
      (o) => {
        const [now, before] = [jointDirections(o, z), jointDirections(o.at(old), old.z)];
        const change = minus([...now.v, ...now.z, ...now.u], [...before.v, ...before.z, ...before.u]);
        return {
          updates: [...assign(all, plus(all, change)), ...assign([rightSide], [b.norm(o.fGradient().v)])],
          reports: { f: o.f, g: o.g },
        };
      },
      { draws: 'fresh' },
    );
    const move = b.phase('move', () => ({
      updates: [
        ...assign([...old.u, ...old.v, ...old.z], [...joint.upper.nodes, ...joint.lower.nodes, ...z]),
        ...joint.step(direction),
      ],
      reports: {
        lowerGradient: direction.v,
        hypergradient: direction.u,
        linearResidual: relativeResidual(b.norm(direction.z), rightSide),
      },
    }));
    return async (iteration) => {
      if (iteration.index % options.period === 0) {
        await lowerPass.run(iteration);
        await upperPass.run(iteration);
      } else await iteration.run(difference);
      await iteration.run(move);
      return {};
    };
  },
});
