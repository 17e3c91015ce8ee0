import { type BilevelProblem, minus, type Oracles, plusScaled, type Vector } from '../../../bilevel/index.js';
import { BilevelError } from '../../../errors.js';
import { mean } from '../../../numbers.js';
import { constant } from '../../../schedules/index.js';
import { elementCount, Tensor } from '../../../tensor.js';
import type { Iteration } from '../../machine/iteration.js';
import { assign } from '../../machine/level.js';
import { factsOf } from '../../machine/problem-facts.js';
import { defineMethod } from '../../method.js';
import { DenseVectors, timesVector, vectorTimes } from '../../parts/dense.js';
import { descentOptions, tikhonovOption } from '../../parts/level-options.js';
import { conjugateGradientSteps } from '../../parts/linear-system/conjugate-gradient.js';
import { momentumOption, oldPoint, recursiveMomentumOf } from '../../parts/variance-reduction/recursive-momentum.js';

const source = 'Chen, Sun, Xiao and Yin 2022, AISTATS';
const defaults = 'code of Yang, Ji and Liang 2021';

/** Largest V, and most elements of grad_uv g and grad_vv g together. */
const limits = { lowerSize: 2000, elements: 10_000_000 };

/** Most times V steps for one system. */
const rounds = 10;

/**
 * The matrices grad_uv g and grad_vv g themselves are tracked by recursive momentum. v follows its gradient and what
 * the move of u makes of the lower solution:
 *
 *     u <- u - sigma d with d = grad_u f - Huv Hvv^-1 grad_v f v <- v - rho grad_v g - Hvv^-1 Huv' (u_{k+1} - u_k)
 */
export const stable = defineMethod({
  name: 'stable',
  title: 'STABLE',
  source,
  summary: 'Keeps and corrects the second-derivative matrices of g: one step of each level, for small dimensions only.',
  options: {
    momentumRate: momentumOption(constant(0.5), 'Share of the new matrices (tau_k).', defaults),
    tikhonov: tikhonovOption(0),
    ...descentOptions({ upper: 0.1, lower: 0.1 }),
  },
  interior: true,
  addedCurvature: ({ tikhonov }) => tikhonov,
  check: checkSize,
  // In the first iteration the old matrices have no weight, but are evaluated all the same.
  evaluations(_, __, problem) {
    const { lowerSize } = factsOf(problem);
    return {
      fGradients: 1,
      gGradients: 1,
      hessianVectorProducts: 2 * lowerSize,
      jacobianVectorProducts: 2 * lowerSize,
    };
  },
  memory: () => 'matrices',
  build(b, { momentumRate, tikhonov, ...levels }) {
    const { upper, lower } = b.pair(levels);
    const before = { u: oldPoint(b, 'u', b.upperVariables), v: oldPoint(b, 'v', b.lowerVariables) };
    const [ofU, ofV] = [new DenseVectors(upper.nodes, b.trials), new DenseVectors(lower.nodes, b.trials)];
    const matrix = (name: string, columns: number) => {
      const shape = [...ofV.batch, ofV.size, columns];
      return b.tensor(name, shape, () => Tensor.zeros(shape));
    };
    // Row i holds the products with the unit vector i of v.
    const [mixed, hessian] = [matrix('mixedDerivatives', ofU.size), matrix('hessian', ofV.size)];
    const estimate = recursiveMomentumOf(b, 'matrices', [mixed, hessian], momentumRate);

    const lowerGradient = b.scratchVector('lowerGradient', b.lowerVariables);
    const upperGradient = b.scratchVector('upperGradient', b.upperVariables);
    const z = b.scratchVector('z', b.lowerVariables);
    const product = (w: Vector): Vector => {
      const image = ofV.unflatten(vectorTimes(ofV.flatten(w), hessian));
      return tikhonov === 0 ? image : plusScaled(image, tikhonov, w);
    };
    const advice = 'Raise the option tikhonov or momentumRate, enlarge the mini-batches, or add a regulariser to g.';
    const coupling = (w: Vector): Vector => ofU.unflatten(vectorTimes(ofV.flatten(w), mixed));
    const products = {
      product: (_: Oracles, w: Vector) => product(w),
      coupling: (_: Oracles, w: Vector) => coupling(w),
    };
    const solve = conjugateGradientSteps(b, z, products, { advice });
    const derivatives = b.phase(
      'derivatives',
      (o) => {
        const gradient = o.lowerGradient();
        const matrices = [o, o.at(before)].map((point) => {
          const { u, v } = point.secondOrderProducts(ofV.units(), ofV.size);
          return [ofU.rows(u, ofV.size), ofV.rows(v, ofV.size)];
        });
        const [present = [], old = []] = matrices;
        return {
          updates: [
            ...assign(lowerGradient, gradient),
            ...estimate.keep(estimate.direction(present, old)),
            ...assign(before.u, upper.nodes),
            ...assign(before.v, lower.nodes),
          ],
          reports: { g: o.g, lowerGradient: gradient },
        };
      },
      { draws: 'fresh' },
    );
    const systemStart = b.phase(
      'linearSystemStart',
      (o) => {
        const { u, v } = o.fGradient();
        return { updates: [...assign(upperGradient, u), ...solve.begin(v)], reports: { f: o.f } };
      },
      { draws: 'fresh' },
    );
    const upperStep = b.phase('upper', () => {
      const direction = minus(upperGradient, coupling(z));
      return { updates: upper.step(direction), reports: { hypergradient: direction } };
    });
    const responseStart = b.phase('responseStart', () => {
      const move = ofU.flatten(minus(upper.nodes, before.u));
      return { updates: solve.begin(ofV.unflatten(timesVector(mixed, move))) };
    });
    const response = b.phase('response', () => ({ updates: assign(lower.nodes, minus(lower.nodes, z)) }));
    const lowerStep = b.phase('lower', () => ({ updates: lower.step(lowerGradient) }));
    /** V steps at a time, of which exact arithmetic needs no more: rounding delays the last ones. */
    const solveSystem = async (iteration: Iteration): Promise<readonly number[]> => {
      let residuals = await solve.run(iteration, ofV.size);
      for (let round = 1; round < rounds && !solve.ended; round++) residuals = await solve.run(iteration, ofV.size);
      return residuals;
    };
    return async (iteration) => {
      await iteration.run(derivatives);
      await iteration.run(systemStart);
      const residuals = await solveSystem(iteration);
      await iteration.run(upperStep);
      await iteration.run(responseStart);
      await solveSystem(iteration);
      await iteration.run(response);
      await iteration.run(lowerStep);
      // That of the hypergradient's system; the response of v has another one.
      return { linearResidual: mean(residuals) };
    };
  },
});

function checkSize(problem: BilevelProblem): void {
  const { upper, trials = 1 } = problem;
  const { lowerSize } = factsOf(problem);
  const upperSize = upper.reduce((sum, { whole }) => sum + elementCount(whole.shape), 0) / trials;
  const elements = trials * lowerSize * (upperSize + lowerSize);
  if (lowerSize <= limits.lowerSize && elements <= limits.elements) return;
  throw new BilevelError(
    'LIMIT_EXCEEDED',
    `stable keeps grad_uv g, ${upperSize} x ${lowerSize}, and grad_vv g, ${lowerSize} x ${lowerSize}, as matrices` +
      `${trials === 1 ? '' : ` for each of ${trials} trials`}: ${elements} elements, where it takes at most ` +
      `${limits.elements} and ${limits.lowerSize} lower variables. Use a method of products, such as mrbo or stocbio.`,
  );
}
