import test from 'ava';
import { type BilevelProblem, bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { Random } from '../../../lib/data/random.js';
import { add, constant, matmul, mul, type Node, reduceSum, reshape, square, sub } from '../../../lib/graph/index.js';
import { type MethodSolver, methods, type SolverResources } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { relativeError } from '../../support/safetensors.js';
import { solveDense } from '../../support/solvers/dense.js';
import { multiply } from '../../support/solvers/known-hypergradient.js';

const device = testDevice();
test.after.always(() => device.dispose());

const { aidCg, aidFp, amigo, approxGrad, mrbo, mstsa, soba, stable, stocbio } = methods;

type Numbers = readonly number[];
type AnyMethod = (problem: BilevelProblem, options: object, resources: SolverResources) => MethodSolver;
const float32 = (values: Numbers): number[] => values.map(Math.fround);
const normals = (random: Random, count: number): number[] =>
  float32(Array.from({ length: count }, () => random.normal()));
const length = (x: Numbers): number => Math.hypot(...x);
const rowsOf = (flat: Numbers, columns: number): number[][] =>
  Array.from({ length: flat.length / columns }, (_, row) => flat.slice(row * columns, (row + 1) * columns));
const product = (rows: readonly Numbers[], columns: readonly Numbers[]): number[][] =>
  rows.map((row) =>
    columns.map((column) => row.reduce((sum, value, at) => sum + value * (column[at] ?? Number.NaN), 0)),
  );

/** M'M + shift I of a random M: positive definite. */
function randomHessian(random: Random, size: number, shift: number): number[] {
  const columns = rowsOf(normals(random, size * size), size);
  return float32(
    product(columns, columns).flatMap((row, at) => row.map((value, to) => value + (at === to ? shift : 0))),
  );
}

/** Both levels rest but for one long step of u, which shows the hypergradient. */
const oneStep = {
  upperLearningRate: 1,
  lowerLearningRate: 1e-30,
  upperOptimizer: 'sgd',
  lowerOptimizer: 'sgd',
} as const;

/**
 * g = v' H v / 2 - <u, v> and f = scale |v - target|^2 / 2, from u = 0: the hypergradient is z with H z = scale (v -
 * target). With trials each has a system of its own.
 */
interface Quadratic {
  readonly hessian: Numbers;
  readonly start: Numbers;
  readonly target: Numbers;
  readonly scale?: number;
  readonly trials?: number;
}

function quadratic({ hessian, start, target, scale = 1, trials }: Quadratic): BilevelProblem {
  const size = start.length / (trials ?? 1);
  const shape = trials === undefined ? [size] : [trials, size];
  const matrix = constant(hessian, [trials ?? 1, size, size]);
  const goal = constant(target, shape);
  const sum = (x: Node): Node => reduceSum(x, trials === undefined ? undefined : [1]);
  return bilevelProblem({
    upper: { u: Tensor.zeros(shape) },
    lower: { v: Tensor.from(start, shape) },
    ...(trials !== undefined && { trials }),
    f: ({ v }) => mul(0.5 * scale, sum(square(sub(v.v, goal)))),
    g: ({ u, v }) => {
      const image = reshape(matmul(matrix, reshape(v.v, [trials ?? 1, size, 1])), shape);
      return sub(mul(0.5, sum(mul(v.v, image))), sum(mul(u.u, v.v)));
    },
  });
}

const rightSideOf = ({ start, target, scale = 1 }: Quadratic): number[] =>
  start.map((value, at) => scale * (value - (target[at] ?? Number.NaN)));

/** z, and the report of the iteration that found it. */
async function solutionOf(solver: MethodSolver, name = 'u') {
  const state = solver.init();
  const before = state.u[name]?.toArray() ?? [];
  const report = await solver.step(state);
  const after = state.u[name]?.toArray() ?? [];
  return { z: before.map((value, at) => value - (after[at] ?? Number.NaN)), report };
}

for (const size of [3, 5, 8]) {
  test(`conjugate gradients on 1000 systems of ${size} unknowns stop where they are solved, at every scale`, async (t) => {
    const trials = 1000;
    const random = Random.fromSeed(size, 'systems');
    const hessian = Array.from({ length: trials }, () => randomHessian(random, size, 1)).flat();
    const [start, target] = [normals(random, trials * size), normals(random, trials * size)];
    for (const scale of [1, 1e-14, 1e-28]) {
      const given = { hessian, start, target, scale, trials };
      const right = rightSideOf(given);
      const problem = quadratic(given);
      const solve = async (linearSteps: number) => {
        using solver = aidCg(problem, { ...oneStep, lowerSteps: 1, linearSteps }, { device });
        return await solutionOf(solver);
      };
      const { z, report } = await solve(20);
      for (let trial = 0; trial < trials; trial++) {
        const part = (values: Numbers) => values.slice(trial * size, (trial + 1) * size);
        const matrix = rowsOf(hessian.slice(trial * size * size, (trial + 1) * size * size), size);
        const error = relativeError(part(z), solveDense(matrix, part(right)));
        t.true(error < 1e-5, `trial ${trial}: ${error}`);
      }
      const norms = z.length / size;
      const mean = rowsOf(z, size).reduce((sum, row) => sum + length(row), 0) / norms;
      t.true(Math.abs(report.hypergradientNorm / mean - 1) < 1e-5, `${report.hypergradientNorm}, not ${mean}`);
      t.true((report.linearResidual ?? 1) < 1e-6);
      // Steps after convergence change no bit.
      for (const linearSteps of [100, 1000]) t.deepEqual((await solve(linearSteps)).z, z, `${linearSteps} steps`);
    }
  });
}

test('stable with its defaults solves strongly convex problems', async (t) => {
  for (let seed = 0; seed < 12; seed++) {
    const random = Random.fromSeed(seed, 'stable');
    const size = 3 + random.integer(12);
    const given = {
      hessian: randomHessian(random, size, 0.5),
      start: normals(random, size),
      target: normals(random, size),
    };
    using solver = stable(quadratic(given), { upperLearningRate: 1 }, { device });
    const { z } = await solutionOf(solver);
    const error = relativeError(z, solveDense(rowsOf(given.hessian, size), rightSideOf(given)));
    t.true(error < 1e-4, `seed ${seed}: ${error}`);
  }
});

/**
 * Least squares with more weights than samples, the last of which no sample determines:
 * g = |X v - u|^2 / 2 has the Hessian X'X and the hypergradient (X X')^-1 X grad_v f, which v* = X^+ u gives.
 */
function overparameterised(seed: number) {
  const random = Random.fromSeed(seed, 'over-parameterised');
  const [samples, weights] = [4 + random.integer(8), 16 + random.integer(20)];
  const x = normals(random, samples * weights).map((value, at) => (at % weights < weights - 2 ? value : 0));
  const rows = rowsOf(x, weights);
  const [u, start] = [normals(random, samples), normals(random, weights)];
  const gradient = normals(random, weights);
  const problem = bilevelProblem({
    upper: { u: Tensor.from(u) },
    lower: { v: Tensor.from(start) },
    feeds: { train: feed({ x: Tensor.from(x, [samples, weights]) }) },
    f: ({ v }) => reduceSum(mul(v.v, constant(gradient))),
    g: ({ u, v, train }) =>
      mul(0.5, reduceSum(square(sub(reshape(matmul(train.x, reshape(v.v, [weights, 1])), [samples]), u.u)))),
  });
  return { problem, expected: solveDense(product(rows, rows), multiply(rows, gradient)) };
}

test('where more weights than samples leave directions flat, the solution is that of the pseudo-inverse', async (t) => {
  for (let seed = 0; seed < 10; seed++) {
    const { problem, expected } = overparameterised(seed);
    const levels = { ...oneStep, lowerSteps: 1 };
    for (const solver of [
      aidCg(problem, levels, { device }),
      aidCg(problem, { ...levels, linearSteps: 100 }, { device }),
      approxGrad(problem, { ...levels, linearSolver: 'cg', linearSteps: 40, tikhonov: 0 }, { device }),
      stable(problem, oneStep, { device }),
    ]) {
      const { z, report } = await solutionOf(solver);
      const error = relativeError(z, expected);
      t.true(error < 1e-2, `seed ${seed}: ${error}`);
      // What of grad_v f lies outside of the range stays.
      t.true((report.linearResidual ?? 0) > 0.1);
      solver.dispose();
    }
  }
});

test('a flat direction that u acts on is refused by its name, and a Tikhonov term solves it', async (t) => {
  const hessian = [1e-9, 0, 0, 0, 1, 0, 0, 0, 2];
  const given = { hessian, start: [1, 2, 3], target: [0, 0, 0] };
  for (const method of [aidCg, stable] as AnyMethod[]) {
    using solver = method(quadratic(given), oneStep, { device });
    const state = solver.init();
    const error = await t.throwsAsync(solver.step(state), { code: 'SINGULAR_HESSIAN' });
    t.regex(error?.message ?? '', /no curvature along a direction that u acts on.*iteration 1 of .*tikhonov/);
    t.deepEqual(state.u.u?.toArray(), [0, 0, 0], 'the state is as before');
    using damped = method(quadratic(given), { ...oneStep, tikhonov: 0.1 }, { device });
    t.true(relativeError((await solutionOf(damped)).z, [1 / 0.1, 2 / 1.1, 3 / 2.1]) < 1e-5);
  }
});

/** |H z - b| / |b| */
function residualOf(given: Quadratic, z: Numbers): number {
  const right = rightSideOf(given);
  const image = multiply(rowsOf(given.hessian, right.length), z);
  return length(image.map((value, at) => value - (right[at] ?? Number.NaN))) / length(right);
}

const system: Quadratic = (() => {
  const random = Random.fromSeed(1, 'residuals');
  return { hessian: randomHessian(random, 6, 0.3), start: normals(random, 6), target: normals(random, 6) };
})();

test('the relative residual is that of float64 after every number of steps', async (t) => {
  for (const linearSteps of [1, 2, 3, 4, 5, 8]) {
    for (const solver of [
      aidCg(quadratic(system), { ...oneStep, lowerSteps: 1, linearSteps }, { device }),
      approxGrad(quadratic(system), { ...oneStep, linearSolver: 'cg', linearSteps, tikhonov: 0 }, { device }),
    ]) {
      const { z, report } = await solutionOf(solver);
      t.true(Math.abs((report.linearResidual ?? 9) - residualOf(system, z)) < 1e-5);
      solver.dispose();
    }
  }
});

test('the relative residual of a Neumann series is that of the sum before its last term', async (t) => {
  const eta = 0.05;
  const matrix = rowsOf(system.hessian, system.start.length);
  const solve = async (factors: number) => {
    using series = stocbio(quadratic(system), { ...oneStep, neumannRate: eta, neumannFactors: factors }, { device });
    return await solutionOf(series);
  };
  for (const factors of [2, 5, 40]) {
    const [shorter, longer] = [await solve(factors - 1), await solve(factors)];
    t.true(Math.abs((longer.report.linearResidual ?? 9) - residualOf(system, shorter.z)) < 1e-5);
    // Its series has the rate of v, which has made a step before.
    const rate = { lowerLearningRate: eta, lowerSteps: 1, linearSteps: factors + 1 };
    using fixedPoint = aidFp(quadratic(system), { ...oneStep, ...rate }, { device });
    const less = (x: Numbers): number[] => multiply(matrix, x).map((value, at) => (x[at] ?? Number.NaN) - eta * value);
    const right = rightSideOf({ ...system, start: less(system.start) });
    let last = right;
    for (let factor = 0; factor < factors; factor++) last = less(last);
    const { linearResidual = 9 } = (await solutionOf(fixedPoint)).report;
    t.true(Math.abs(linearResidual - length(last) / length(right)) < 1e-5);
    for (const method of [mrbo, mstsa] as AnyMethod[]) {
      using solver = method(quadratic(system), { ...oneStep, neumannRate: eta, neumannFactors: factors }, { device });
      const { report } = await solutionOf(solver);
      t.true(Math.abs((report.linearResidual ?? 9) - (longer.report.linearResidual ?? 0)) < 1e-5);
    }
  }
});

test('methods that carry z report the residual that their last step starts from', async (t) => {
  const rates = { ...oneStep, upperLearningRate: 1e-30 };
  // z moves at the rate of v, which is at rest where grad_v g vanishes.
  const atRest: Quadratic = { ...system, start: system.start.map(() => 0) };
  for (const [method, options] of [
    [amigo, { linearLearningRate: 0.05, linearSteps: 1 }],
    [soba, { lowerLearningRate: 0.05 }],
    [methods.maSoba, { lowerLearningRate: 0.05 }],
    [methods.saba, { lowerLearningRate: 0.05 }],
    [methods.srba, { lowerLearningRate: 0.05 }],
    [methods.fsla, { lowerLearningRate: 0.05 }],
  ] as readonly (readonly [AnyMethod, object])[]) {
    using solver = method(quadratic(atRest), { ...rates, ...options }, { device });
    const state = solver.init();
    for (let iteration = 0; iteration < 5; iteration++) {
      const expected = residualOf(atRest, state.tensors['z/v']?.toArray() ?? []);
      const { linearResidual = 9 } = await solver.step(state);
      t.true(
        Math.abs(linearResidual - expected) < 1e-5,
        `${solver.configuration.method}: ${linearResidual}, not ${expected}`,
      );
    }
  }
});

test('a Neumann series with too large a rate is refused, with the option and a rate that fits', async (t) => {
  const stiff: Quadratic = { hessian: [1, 0, 0, 0, 5, 0, 0, 0, 40], start: [1, 2, 3], target: [0, 0, 0] };
  const solvers = (eta: number, factors: number) => [
    stocbio(quadratic(stiff), { ...oneStep, neumannRate: eta, neumannFactors: factors }, { device }),
    mrbo(quadratic(stiff), { ...oneStep, neumannRate: eta, neumannFactors: factors }, { device }),
    methods.vrbo(quadratic(stiff), { ...oneStep, neumannRate: eta, neumannFactors: factors }, { device }),
    aidFp(
      quadratic(stiff),
      { ...oneStep, lowerLearningRate: eta, lowerSteps: 1, linearSteps: factors + 1 },
      { device },
    ),
  ];
  for (const factors of [10, 100, 1000]) {
    for (const [index, solver] of solvers(0.1, factors).entries()) {
      const { message = '' } = (await t.throwsAsync(solver.step(solver.init()), { code: 'DIVERGED' })) ?? {};
      t.regex(message, /too large for the curvature of g, about 40\./);
      t.regex(
        message,
        index === 3 ? /option lowerLearningRate .*about 0\.025\./ : /option neumannRate .*about 0\.025\./,
      );
      solver.dispose();
    }
    for (const solver of solvers(0.025, factors)) {
      await t.notThrowsAsync(solver.step(solver.init()));
      solver.dispose();
    }
  }
});

test('growth that may be chance, or does little harm in few steps, is reported and not refused', async (t) => {
  // eta times the curvature is 2.5, and each of three factors multiplies by -1.5.
  const given: Quadratic = { hessian: [2.5, 0, 0, 1], start: [1, 0], target: [0, 0] };
  using solver = stocbio(quadratic(given), { ...oneStep, neumannRate: 1, neumannFactors: 3 }, { device });
  const { linearResidual = 0 } = await solver.step(solver.init());
  t.true(Math.abs(linearResidual - 1.5 ** 3) < 1e-5);
});

test('a right-hand side of no or next to no length has the solution 0', async (t) => {
  for (const scale of [0, 1e-41, 1e-45]) {
    const given: Quadratic = { ...system, scale };
    for (const solver of [
      aidCg(quadratic(given), oneStep, { device }),
      stable(quadratic(given), oneStep, { device }),
      stocbio(quadratic(given), { ...oneStep, neumannRate: 0.05 }, { device }),
      soba(quadratic(given), oneStep, { device }),
      amigo(quadratic(given), { ...oneStep, linearLearningRate: 0.05 }, { device }),
    ]) {
      const { z, report } = await solutionOf(solver);
      t.true(length(z) < 1e-38 && (report.linearResidual ?? 9) <= 1);
      solver.dispose();
    }
  }
});

test('iMAML goes on at negative curvature with what the steps before have found, if asked to', async (t) => {
  // Curvatures 1 and -3 of g and of lambda / 2 |v - u|^2 together 2 and -2: along grad_v f positive, along the next
  // direction negative.
  const problem = bilevelProblem({
    upper: { v: Tensor.from([0, 0]) },
    lower: { v: Tensor.from([0, 0]) },
    f: ({ v }) => reduceSum(mul(constant([3, 1], [2]), v.v)),
    g: ({ v }) => reduceSum(mul(constant([0.5, -1.5], [2]), square(v.v))),
  });
  const options = { lowerSteps: 1, linearSteps: 5, proximity: 1, upperOptimizer: 'sgd', upperLearningRate: 1 } as const;
  using refusing = methods.imaml(problem, options, { device });
  await t.throwsAsync(refusing.step(refusing.init()), {
    code: 'INDEFINITE_HESSIAN',
    message: /negativeCurvature: "stop"/,
  });
  using solver = methods.imaml(problem, { ...options, negativeCurvature: 'stop' }, { device });
  const state = solver.init();
  const report = await solver.step(state);
  // One step from z = 0 along b = (3, 1), and u moves along -lambda z.
  const [first = 0, second = 0] = state.u.v?.toArray() ?? [];
  t.true(report.linearResidual !== undefined && report.linearResidual > 0.1);
  t.true(second < 0 && Math.abs(first / second - 3) < 1e-5, `${first} ${second}`);
});

test('a Neumann series that negative curvature makes grow says so', async (t) => {
  const saddle: Quadratic = { hessian: [1, 0, 0, -2], start: [1, 1], target: [0, 0] };
  using solver = stocbio(quadratic(saddle), { ...oneStep, neumannRate: 0.1, neumannFactors: 40 }, { device });
  await t.throwsAsync(solver.step(solver.init()), {
    code: 'INDEFINITE_HESSIAN',
    message: /negative curvature, about -2\./,
  });
});

test('a lower variable that g does not move is refused where nothing else determines it', async (t) => {
  const problem = bilevelProblem({
    upper: { a: Tensor.from([2]), b: Tensor.from([3]) },
    lower: { a: Tensor.zeros([1]), b: Tensor.zeros([1]) },
    f: ({ v }) => add(reduceSum(square(v.a)), reduceSum(square(v.b))),
    g: ({ u, v }) => reduceSum(square(sub(v.a, mul(2, u.a)))),
  });
  t.throws(() => aidCg(problem, {}, { device }), { code: 'NOT_DIFFERENTIABLE', message: /the lower variable b/ });
  const options = { ...oneStep, lowerLearningRate: 0.1, lowerSteps: 1 };
  for (const solver of [methods.maml(problem, options, { device }), methods.imaml(problem, options, { device })]) {
    // v_b stays at u_b = 3, where the derivative of v_b^2 is 6.
    t.true(Math.abs(((await solutionOf(solver, 'b')).z[0] ?? 0) - 6) < 1e-5);
    solver.dispose();
  }
});
