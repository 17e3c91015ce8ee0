import { type BilevelProblem, plus } from '../../../bilevel/index.js';
import { BilevelError } from '../../../errors.js';
import { zeros } from '../../../graph/index.js';
import { type OptimizerName, slotsOf } from '../../../optimizers/index.js';
import { assign } from '../../machine/level.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { DenseVectors, timesVector } from '../../parts/dense.js';
import { descentOptions, lowerStepsOption, slotsOption, warmStartOption } from '../../parts/level-options.js';

const source = 'Mehra and Hamm 2021, supplement B; Franceschi, Donini, Frasconi and Pontil 2017, Algorithm 2';

/** Most elements of the tangents of v and of u together. */
const limit = 10_000_000;

/**
 * Carries P = dv_t/du along with the lower steps: P <- P (I - rho grad_vv g) - rho grad_uv g, row by row of P at once,
 * and with it the derivatives of what the optimizer of v keeps.
 */
export const fmd = defineMethod({
  name: 'fmd',
  title: 'FMD',
  source,
  summary: 'Forward-mode differentiation: the derivative of v by all of u goes along with the lower steps.',
  options: {
    lowerSteps: lowerStepsOption(20, source),
    warmStart: warmStartOption(true),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
    slots: slotsOption,
  },
  rows: true,
  check: checkSize,
  evaluations({ lowerSteps }, _, problem) {
    const products = lowerSteps * factsOf(problem).upperSize;
    return {
      fGradients: 1,
      gGradients: lowerSteps,
      hessianVectorProducts: products,
      jacobianVectorProducts: products,
    };
  },
  memory: () => 'tangents',
  build(b, { lowerSteps, warmStart, ...levels }) {
    const { upper, lower } = b.pair(levels);
    const [ofU, ofV] = [new DenseVectors(upper.nodes, b.trials), new DenseVectors(lower.nodes, b.trials)];
    const { size } = ofU;
    const present = lower.carried.map(({ node }) => node);
    const tangents = lower.carried.map(({ node, ending }) => b.scratch(`tangents${ending}`, [size, ...node.shape]));
    const [ofVariables, ofSlots] = [tangents.slice(0, lower.nodes.length), tangents.slice(lower.nodes.length)];
    const start = b.phase('tangentStart', () => ({
      updates: assign(
        tangents,
        tangents.map(({ shape }) => zeros(shape)),
      ),
    }));
    const step = b.phase('lower', (o) => {
      const gradient = o.lowerGradient();
      const moved = o.pushForward(
        (at) => lower.stepped(present, at.lowerGradient()),
        { u: ofU.units(), v: ofVariables },
        size,
        { nodes: present.slice(lower.nodes.length), directions: ofSlots },
      );
      return {
        updates: [...lower.step(gradient), ...assign(tangents, moved)],
        reports: { g: o.g, lowerGradient: gradient },
      };
    });
    const upperStep = b.phase('upper', (o) => {
      const { u, v } = o.fGradient();
      const hypergradient = plus(u, ofU.unflatten(timesVector(ofV.rows(ofVariables, size), ofV.flatten(v))));
      return { updates: upper.step(hypergradient), reports: { f: o.f, hypergradient } };
    });
    return async (iteration) => {
      if (!warmStart) iteration.restart(lower);
      await iteration.run(start);
      await iteration.run(step, lowerSteps);
      await iteration.run(upperStep);
      return {};
    };
  },
});

function checkSize(problem: BilevelProblem, { lowerOptimizer }: { readonly lowerOptimizer: OptimizerName }): void {
  const { upperSize, lowerSize } = factsOf(problem);
  const { trials = 1 } = problem;
  const elements = trials * upperSize * (upperSize + (1 + slotsOf(lowerOptimizer)) * lowerSize);
  if (elements <= limit) return;
  throw new BilevelError(
    'LIMIT_EXCEEDED',
    `fmd carries the derivatives of ${(1 + slotsOf(lowerOptimizer)) * lowerSize} lower and ${upperSize} upper elements by ${upperSize} upper ones` +
      `${trials === 1 ? '' : ` for each of ${trials} trials`}: ${elements} elements, where it takes at most ${limit}. ` +
      'Use rmd, whose work does not grow with the upper level.',
  );
}
