import test from 'ava';
import { bilevelProblem } from '../../../lib/bilevel/index.js';
import { constant, mul, reduceSum, square, sub } from '../../../lib/graph/index.js';
import { schedules } from '../../../lib/schedules/index.js';
import { type MethodSolver, methods } from '../../../lib/solvers/index.js';
import { drawFactors } from '../../../lib/solvers/parts/linear-system/random-series.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { relativeError } from '../../support/safetensors.js';
import { solveDense } from '../../support/solvers/dense.js';
import {
  type DenseDerivatives,
  denseDerivatives,
  implicitDirection,
  type Known,
  knownNames,
  loadKnown,
  multiply,
} from '../../support/solvers/known-hypergradient.js';

const device = testDevice();
test.after.always(() => device.dispose());

const { aidCg, aidFp, amigo, approxGrad, bsa, stocbio, ttsa } = methods;

/**
 * u stays where it is but for the iteration `last`, whose step of this length shows the direction without loss to
 * rounding.
 */
const longStep = 100;
const levels = (last = 0) => ({
  upperOptimizer: 'sgd' as const,
  lowerOptimizer: 'sgd' as const,
  upperLearningRate: { name: 'last', parameters: [], at: (step: number) => (step === last ? longStep : 1e-30) },
  lowerLearningRate: 0.5,
});

/** The direction of u in an iteration, after those before it, at the fixture's u and from its v*. */
async function directionOf(solver: MethodSolver, { fixture }: Known, iterations = 1): Promise<number[]> {
  const state = solver.init();
  for (let iteration = 0; iteration < iterations; iteration++) await solver.step(state);
  const start = fixture.float32('u').toArray();
  return (state.u.u?.toArray() ?? []).map((value, index) => ((start[index] ?? Number.NaN) - value) / longStep);
}

const plusScaled = (a: readonly number[], factor: number, b: readonly number[]): number[] =>
  a.map((value, index) => value + factor * (b[index] ?? Number.NaN));

/** (I - rate H)^power w */
function contracted({ hessian }: DenseDerivatives, rate: number, power: number, w: readonly number[]): number[] {
  let result = [...w];
  for (let factor = 0; factor < power; factor++) result = plusScaled(result, -rate, multiply(hessian, result));
  return result;
}

/** (I - (I - rate H)^terms) H^-1 grad_v f, which the Neumann series of so many terms sums to. */
function neumannSum(dense: DenseDerivatives, rate: number, terms: number): number[] {
  const solution = solveDense(dense.hessian, dense.f.v);
  return plusScaled(solution, -1, contracted(dense, rate, terms, solution));
}

for (const name of knownNames) {
  const loading = loadKnown(name).then((known) => ({ known, dense: denseDerivatives(known) }));

  test(`${name}: the dense derivatives give the exact hypergradient`, async (t) => {
    const { known, dense } = await loading;
    const direction = implicitDirection(dense, solveDense(dense.hessian, dense.f.v));
    t.true(relativeError(direction, known.fixture.numbers('hypergradient')) < 1e-9);
  });

  test(`${name}: aidFp with Q steps is the Neumann series of Q terms, and tends to the exact hypergradient`, async (t) => {
    const { known, dense } = await loading;
    const exact = known.fixture.numbers('hypergradient');
    const errors: number[] = [];
    for (const linearSteps of [1, 2, 10, 100, 1000]) {
      using solver = aidFp(known.problem, { ...levels(), lowerSteps: 1, linearSteps }, { device });
      const direction = await directionOf(solver, known);
      const expected = implicitDirection(dense, neumannSum(dense, 0.5, linearSteps));
      t.true(relativeError(direction, expected) < 1e-5, `Q = ${linearSteps}`);
      errors.push(relativeError(direction, exact));
    }
    t.log(errors.map((error) => error.toExponential(2)).join(', '));
    for (const [index, error] of errors.slice(1).entries()) t.true(error < (errors[index] ?? 0));
    t.true((errors.at(-1) ?? 1) < 1e-5);
  });

  test(`${name}: stocbio with Q factors satisfies the Neumann identity with Q + 1 terms`, async (t) => {
    const { known, dense } = await loading;
    for (const neumannFactors of [1, 4, 30, 300]) {
      const options = { ...levels(), lowerSteps: 1, neumannFactors, neumannRate: 0.8 };
      using solver = stocbio(known.problem, options, { device });
      const expected = implicitDirection(dense, neumannSum(dense, 0.8, neumannFactors + 1));
      t.true(relativeError(await directionOf(solver, known), expected) < 1e-5, `Q = ${neumannFactors}`);
    }
  });

  test(`${name}: aidCg is exact after as many steps as there are unknowns, and as good after fewer as theory says`, async (t) => {
    const { known } = await loading;
    const exact = known.fixture.numbers('hypergradient');
    const root = Math.sqrt(known.fixture.number('hessian_condition'));
    const errors: number[] = [];
    for (const linearSteps of [2, 4, 8, 24]) {
      using solver = aidCg(known.problem, { ...levels(), lowerSteps: 1, linearSteps }, { device });
      errors.push(relativeError(await directionOf(solver, known), exact));
      const bound = 20 * ((root - 1) / (root + 1)) ** linearSteps;
      t.true((errors.at(-1) ?? 1) < Math.max(bound, 1e-5), `${errors.at(-1)} after ${linearSteps} steps`);
    }
    t.log(errors.map((error) => error.toExponential(2)).join(', '));
    t.true((errors.at(-1) ?? 1) < 1e-5);
  });

  test(`${name}: approxGrad by plain descent follows its recursion, and z goes on in the next iteration`, async (t) => {
    const { known, dense } = await loading;
    const [rate, tikhonov, linearSteps] = [0.8, 0.05, 3];
    const times = (w: readonly number[]): number[] => plusScaled(multiply(dense.hessian, w), tikhonov, w);
    let z = dense.f.v.map(() => 0);
    for (const iterations of [1, 2, 3]) {
      for (let step = 0; step < linearSteps; step++)
        z = plusScaled(z, -rate, times(plusScaled(times(z), -1, dense.f.v)));
      const given = { linearSolver: 'sgd', linearLearningRate: rate, linearSteps, tikhonov } as const;
      const options = { ...levels(iterations - 1), lowerSteps: 1, ...given };
      using solver = approxGrad(known.problem, options, { device });
      const direction = await directionOf(solver, known, iterations);
      t.true(relativeError(direction, implicitDirection(dense, z)) < 1e-5, `after ${iterations} iterations`);
    }
  });

  for (const linearSolver of ['adam', 'momentum', 'cg'] as const) {
    test(`${name}: approxGrad by ${linearSolver} tends to the hypergradient of the regularised system`, async (t) => {
      const { known, dense } = await loading;
      const regularised = dense.hessian.map((row, at) => row.map((value, index) => value + (at === index ? 0.05 : 0)));
      const expected = implicitDirection(dense, solveDense(regularised, dense.f.v));
      const [linearSteps, rate] = { adam: [2000, 0.02] as const, momentum: [500, 0.3] as const, cg: [12, 1] as const }[
        linearSolver
      ];
      const given = { linearSolver, linearSteps, linearLearningRate: schedules.geometric(rate, 0.1), tikhonov: 0.05 };
      using solver = approxGrad(known.problem, { ...levels(2), lowerSteps: 1, ...given }, { device });
      const error = relativeError(await directionOf(solver, known, 3), expected);
      t.log(error.toExponential(2));
      t.true(error < 1e-4);
    });
  }

  test(`${name}: amigo follows its recursion, and z goes on in the next iteration`, async (t) => {
    const { known, dense } = await loading;
    const [rate, linearSteps] = [0.7, 4];
    let z = dense.f.v.map(() => 0);
    for (const iterations of [1, 2, 3]) {
      for (let step = 0; step < linearSteps; step++) {
        z = plusScaled(z, -rate, plusScaled(multiply(dense.hessian, z), -1, dense.f.v));
      }
      const options = { ...levels(iterations - 1), lowerSteps: 1, linearLearningRate: rate, linearSteps };
      using solver = amigo(known.problem, options, { device });
      const direction = await directionOf(solver, known, iterations);
      t.true(relativeError(direction, implicitDirection(dense, z)) < 1e-5, `after ${iterations} iterations`);
    }
  });

  test(`${name}: bsa and ttsa use the random term that seed and iteration say`, async (t) => {
    const { known, dense } = await loading;
    const [rate, terms] = [0.6, 5];
    for (const iterations of [1, 2, 3, 4]) {
      const factors = drawFactors(0, iterations - 1, terms);
      const z = contracted(dense, rate, factors, dense.f.v).map((value) => terms * rate * value);
      const options = { ...levels(iterations - 1), neumannRate: rate, neumannTerms: terms };
      using one = bsa(known.problem, { ...options, lowerSteps: 1 }, { device });
      using other = ttsa(known.problem, options, { device });
      for (const solver of [one, other]) {
        const direction = await directionOf(solver, known, iterations);
        t.true(relativeError(direction, implicitDirection(dense, z)) < 1e-5, `${factors} factors`);
      }
    }
  });
}

test('the number of random factors is uniform below the terms, and differs from seed to seed', (t) => {
  const counts = new Array<number>(5).fill(0);
  const drawn = Array.from({ length: 5000 }, (_, iteration) => drawFactors(3, iteration, 5));
  for (const factors of drawn) counts[factors] = (counts[factors] ?? 0) + 1;
  for (const count of counts) t.true(Math.abs(count - 1000) < 120, `${counts}`);
  t.notDeepEqual(
    drawn.slice(0, 20),
    Array.from({ length: 20 }, (_, iteration) => drawFactors(4, iteration, 5)),
  );
  t.is(drawFactors(3, 7, 1), 0);
});

/** g = (v_1^2 - v_2^2) / 2 - <u, v> has a saddle, and directions of negative curvature. */
const saddle = bilevelProblem({
  upper: { u: Tensor.from([0.5, 0.25]) },
  lower: { v: Tensor.from([1, 1]) },
  f: ({ v }) => reduceSum(square(sub(v.v, 2))),
  g: ({ u, v }) => reduceSum(sub(mul(constant([0.5, -0.5]), square(v.v)), mul(u.u, v.v))),
});

test('conjugate gradients refuse an indefinite Hessian, and a large Tikhonov term makes it definite', async (t) => {
  for (const open of [
    (tikhonov: number) => aidCg(saddle, { lowerSteps: 1, linearSteps: 4, tikhonov }, { device }),
    (tikhonov: number) => approxGrad(saddle, { lowerSteps: 1, linearSolver: 'cg', tikhonov }, { device }),
  ]) {
    using solver = open(0);
    const state = solver.init();
    const error = await t.throwsAsync(solver.step(state), { code: 'INDEFINITE_HESSIAN' });
    t.regex(error?.message ?? '', /in iteration 1 of .*lowerSteps, raise the option tikhonov/);
    t.deepEqual(state.u.u?.toArray(), [0.5, 0.25], 'the state is as before');
    using regularised = open(2);
    await t.notThrowsAsync(regularised.step(regularised.init()));
  }
});

test('approxGrad by descent solves an indefinite system, because it squares it', async (t) => {
  const rates = { upperLearningRate: 1, lowerLearningRate: 1e-30, linearLearningRate: 0.5 };
  const plain = { upperOptimizer: 'sgd', lowerOptimizer: 'sgd', linearSolver: 'sgd' } as const;
  using solver = approxGrad(saddle, { ...rates, ...plain, lowerSteps: 1, linearSteps: 60, tikhonov: 0 }, { device });
  const state = solver.init();
  await solver.step(state);
  // At v = (1, 1): grad_v f = (-2, -2), grad_vv g = diag(1, -1) and grad_uv g = -I, so the direction is z = (-2, 2).
  t.deepEqual(state.u.u?.toArray(), [0.5 + 2, 0.25 - 2]);
});
