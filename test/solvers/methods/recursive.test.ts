import test from 'ava';
import { bilevelProblem, feed } from '../../../lib/bilevel/index.js';
import { Random } from '../../../lib/data/random.js';
import {
  add,
  concat,
  constant,
  matmul,
  mean,
  mul,
  type Node,
  reduceSum,
  reshape,
  softplus,
  square,
  sub,
  tanh,
} from '../../../lib/graph/index.js';
import {
  fsla,
  type MethodState,
  mrbo,
  mstsa,
  srba,
  stable,
  stocbio,
  sustain,
  vrbo,
} from '../../../lib/solvers/index.js';
import { Batches } from '../../../lib/solvers/machine/batches.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { solveDense } from '../../support/solvers/dense.js';

const device = testDevice();
test.after.always(() => device.dispose());

const [samples, size] = [24, 4];
const [neumannRate, neumannFactors] = [0.4, 5];
const neumann = { neumannRate, neumannFactors };
const fast = { upperLearningRate: 0.1, lowerLearningRate: 0.1 };

/**
 * g = mean_i 1/2 sum_j h_ij (v_j - b_ij u_j)^2 and f = mean_i 1/2 sum_j (v_j - t_ij)^2 + 1/2 |u|^2: all matrices are
 * diagonal, and curvature, cross term and target differ from sample to sample.
 */
function noisy(batch: number | undefined, seed = 0) {
  const random = Random.fromSeed(3, 'noisy quadratic');
  const matrix = (value: () => number): Tensor =>
    Tensor.from(
      Array.from({ length: samples * size }, () => Math.fround(value())),
      [samples, size],
    );
  const [h, b, t] = [
    matrix(() => 0.5 + random.uniform()),
    matrix(() => 1 + random.normal()),
    matrix(() => random.normal()),
  ];
  const start = (): Tensor => Tensor.from(Array.from({ length: size }, () => Math.fround(random.normal())));
  const half = (x: Node): Node => mul(0.5, mean(reduceSum(x, [1])));
  const problem = bilevelProblem({
    upper: { u: start() },
    lower: { v: start() },
    feeds: { train: feed({ h, b }, { batch, seed }), validation: feed({ t }, { batch, seed }) },
    f: ({ u, v, validation }) => add(half(square(sub(v.v, validation.t))), mul(0.5, reduceSum(square(u.u)))),
    g: ({ u, v, train }) => half(mul(train.h, square(sub(v.v, mul(train.b, u.u))))),
    seed,
  });
  const columnMean = (value: (row: number) => number): number =>
    Array.from({ length: samples }, (_, row) => value(row)).reduce((sum, each) => sum + each, 0) / samples;
  const at = (tensor: Tensor, row: number, column: number): number => Number(tensor.data[row * size + column]);
  /** The mean of the Neumann estimate of the hypergradient over all mini-batches, in closed form. */
  const direction = (u: readonly number[], v: readonly number[]): number[] =>
    u.map((x, j) => {
      const curvature = columnMean((row) => at(h, row, j));
      const cross = -columnMean((row) => at(h, row, j) * at(b, row, j));
      const residual = (v[j] ?? 0) - columnMean((row) => at(t, row, j));
      return x - (cross * (1 - (1 - neumannRate * curvature) ** (neumannFactors + 1)) * residual) / curvature;
    });
  return { problem, direction };
}

/** What the tests need of a method's solver, whatever its options. */
interface Steps {
  init(): MethodState;
  step(state: MethodState): Promise<object>;
}

const values = (state: MethodState, level: 'u' | 'v'): number[] =>
  Object.values(state[level]).flatMap((x) => x.toArray());
const squaredDistance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, value, index) => sum + (value - (b[index] ?? Number.NaN)) ** 2, 0);

test("mrbo: its direction errs far less than stocBiO's after some iterations", async (t) => {
  const rate = 0.01;
  const { problem, direction } = noisy(2);
  /** Mean squared error of the direction, which the move of u shows, in the iterations from 100 to 300. */
  const errorOf = async (solver: Steps, lowerPoint: 'before' | 'after'): Promise<number> => {
    const state = solver.init();
    let sum = 0;
    for (let iteration = 0; iteration < 300; iteration++) {
      const [u, before] = [values(state, 'u'), values(state, 'v')];
      await solver.step(state);
      const moved = values(state, 'u').map((value, index) => ((u[index] ?? 0) - value) / rate);
      const v = lowerPoint === 'before' ? before : values(state, 'v');
      if (iteration >= 100) sum += squaredDistance(moved, direction(u, v)) / 200;
    }
    return sum;
  };
  const rates = { upperLearningRate: rate, lowerLearningRate: rate };
  const momentum = { lowerMomentumRate: 0.1, upperMomentumRate: 0.1 };
  using recursive = mrbo(problem, { ...rates, ...neumann, ...momentum }, { device });
  using plain = stocbio(problem, { ...rates, ...neumann, lowerSteps: 1 }, { device });
  const [withMemory, without] = [await errorOf(recursive, 'before'), await errorOf(plain, 'after')];
  t.true(withMemory < 0.2 * without, `${withMemory} and ${without}`);
  t.true(withMemory > 1e-4, 'the mini-batches do not differ');
});

test('vrbo: u moves along the exact mean estimate right after a refresh, and not between', async (t) => {
  const { problem, direction } = noisy(2);
  const rates = { upperLearningRate: 0.5, lowerLearningRate: 0.1 };
  using solver = vrbo(problem, { ...rates, ...neumann, period: 3, innerSteps: 2 }, { device });
  const state = solver.init();
  for (let iteration = 0; iteration < 9; iteration++) {
    const [u, v] = [values(state, 'u'), values(state, 'v')];
    await solver.step(state);
    const exact = direction(u, v).map((value, index) => (u[index] ?? 0) - 0.5 * value);
    const error = Math.sqrt(squaredDistance(values(state, 'u'), exact));
    if (iteration % 3 === 0) t.true(error < 1e-5, `${error} in iteration ${iteration}`);
    else t.true(error > 1e-3, `${error} in iteration ${iteration}`);
  }
});

test('vrbo: on all rows its estimates stay exact', async (t) => {
  const { problem, direction } = noisy(undefined);
  const rates = { upperLearningRate: 0.2, lowerLearningRate: 0.1 };
  using solver = vrbo(problem, { ...rates, ...neumann, period: 100, innerSteps: 2 }, { device });
  const state = solver.init();
  for (let iteration = 0; iteration < 10; iteration++) {
    const [u, v] = [values(state, 'u'), values(state, 'v')];
    await solver.step(state);
    const exact = direction(u, v).map((value, index) => (u[index] ?? 0) - 0.2 * value);
    t.true(squaredDistance(values(state, 'u'), exact) < 1e-10);
  }
});

test('a pass over all rows takes each once; where batches leave some out, another pass leaves out others', (t) => {
  const binding = 'data.train/index';
  const rowsOf = (count: number, batch: number, before: number): number[] => {
    const x = Tensor.zeros([count]);
    const { feeds, key, seed } = bilevelProblem({
      upper: { u: Tensor.zeros([]) },
      lower: { v: Tensor.zeros([]) },
      feeds: { train: feed({ x }, { batch }) },
      f: ({ u, v }) => square(sub(u.u, v.v)),
      g: ({ u, v, train }) => mean(square(sub(sub(v.v, u.u), train.x))),
    });
    const steps = Math.floor(count / batch);
    return new Batches({ feeds, key, seed }).drawAll(before, new Set([binding]), steps)[binding]?.toArray() ?? [];
  };
  for (const before of [0, 5, 1000]) {
    t.deepEqual(
      rowsOf(12, 4, before).toSorted((a, b) => a - b),
      Array.from({ length: 12 }, (_, row) => row),
    );
    t.is(new Set(rowsOf(11, 4, before)).size, 8);
  }
  t.notDeepEqual(new Set(rowsOf(11, 4, 0)), new Set(rowsOf(11, 4, 1)));
});

/**
 * Lower variables a [2] and b [1, 2], upper ones p [1] and q [2]: g = 1/2 x'Hx - x'Bu and f = 1/2 |x - 1|^2 + 1/2 |u|^2
 * with x = (a, b), u = (p, q) and a dense H.
 */
const H = [
  [3, 1, 0.5, 0],
  [1, 2, 0.25, -0.5],
  [0.5, 0.25, 2, 1],
  [0, -0.5, 1, 4],
];
const B = [
  [1, 0.5, -1],
  [0, 2, 1],
  [-1, 0, 0.5],
  [1, 1, 1],
];
const times = (matrix: readonly (readonly number[])[], x: readonly number[]): number[] =>
  matrix.map((row) => row.reduce((sum, value, column) => sum + value * (x[column] ?? 0), 0));

test('stable: v stays at the solution of the lower level, and u moves along the exact hypergradient', async (t) => {
  const u = [0.5, -1, 2];
  const response = (at: readonly number[]): number[] => solveDense(H, times(B, at));
  const v = response(u);
  const column = (a: Node, b: Node, size: number): Node => concat([reshape(a, [size - 2, 1]), reshape(b, [2, 1])], 0);
  const product = (matrix: readonly (readonly number[])[], x: Node): Node =>
    matmul(constant(matrix.flat(), [4, matrix[0]?.length ?? 0]), x);
  const problem = bilevelProblem({
    upper: { p: Tensor.from(u.slice(0, 1)), q: Tensor.from(u.slice(1)) },
    lower: { a: Tensor.from(v.slice(0, 2)), b: Tensor.from(v.slice(2), [1, 2]) },
    f: (point) => {
      const [x, y] = [column(point.v.a, point.v.b, 4), column(point.u.p, point.u.q, 3)];
      return mul(0.5, add(reduceSum(square(sub(x, 1))), reduceSum(square(y))));
    },
    g: (point) => {
      const [x, y] = [column(point.v.a, point.v.b, 4), column(point.u.p, point.u.q, 3)];
      return reduceSum(mul(x, sub(mul(0.5, product(H, x)), product(B, y))));
    },
  });
  using solver = stable(problem, { upperLearningRate: 0.3, lowerLearningRate: 0.1 }, { device });
  const state = solver.init();
  let exact = u;
  for (let iteration = 0; iteration < 8; iteration++) {
    await solver.step(state);
    const x = response(exact);
    const z = solveDense(
      H,
      x.map((value) => value - 1),
    );
    const pulled = exact.map((_, index) => B.reduce((sum, row, at) => sum + (row[index] ?? 0) * (z[at] ?? 0), 0));
    exact = exact.map((value, index) => value - 0.3 * (value + (pulled[index] ?? 0)));
    t.true(squaredDistance(values(state, 'u'), exact) < 1e-10);
    t.true(squaredDistance(values(state, 'v'), response(exact)) < 1e-10);
  }
});

/** All derivatives of g depend on u and v, so that an estimate at a wrong point shows. */
const curved = bilevelProblem({
  upper: { u: Tensor.from([0.4, -0.7]) },
  lower: { v: Tensor.from([0.6, -0.3, 0.9]) },
  f: ({ u, v }) => add(reduceSum(square(sub(v.v, constant([1, -1, 0.5])))), reduceSum(square(u.u))),
  g: ({ u, v }) => {
    const image = tanh(reshape(matmul(reshape(u.u, [1, 2]), constant([1, -0.5, 0.75, 0.5, 1, -1], [2, 3])), [3]));
    return add(reduceSum(softplus(mul(2, sub(v.v, image)))), mul(0.2, reduceSum(square(square(v.v)))));
  },
});

const corrected: Readonly<Record<string, (memory: boolean) => Steps & Disposable>> = {
  mrbo: (memory) => {
    const share = memory ? 0.25 : 1;
    return mrbo(curved, { ...neumann, ...fast, lowerMomentumRate: share, upperMomentumRate: share }, { device });
  },
  sustain: (memory) =>
    sustain(curved, { ...fast, neumannRate, neumannTerms: 1, momentumRate: memory ? 0.25 : 1 }, { device }),
  mstsa: (memory) => mstsa(curved, { ...neumann, ...fast, momentumRate: memory ? 0.25 : 1 }, { device }),
  fsla: (memory) => fsla(curved, { ...fast, momentumRate: memory ? 0.25 : 1 }, { device }),
  stable: (memory) => stable(curved, { ...fast, momentumRate: memory ? 0.25 : 1 }, { device }),
  vrbo: (memory) => vrbo(curved, { ...neumann, ...fast, innerSteps: 3, period: memory ? 100 : 1 }, { device }),
  srba: (memory) => srba(curved, { ...fast, period: memory ? 100 : 1 }, { device }),
};

for (const [name, open] of Object.entries(corrected)) {
  test(`${name}: on all rows what is remembered cancels, whatever the costs`, async (t) => {
    using remembering = open(true);
    using plain = open(false);
    const [one, other] = [remembering.init(), plain.init()];
    const start = values(one, 'u');
    for (let iteration = 0; iteration < 12; iteration++) {
      await remembering.step(one);
      await plain.step(other);
      for (const level of ['u', 'v'] as const) {
        const distance = Math.sqrt(squaredDistance(values(one, level), values(other, level)));
        t.true(distance < 3e-6, `${level} differs by ${distance} after iteration ${iteration + 1}`);
      }
    }
    const way = squaredDistance(values(one, 'u'), start);
    t.true(way > 0.01 && way < 10, `${way}`);
  });
}

const isotropic = (upper: number, lower: number, curvature: number) =>
  bilevelProblem({
    upper: { u: Tensor.zeros([upper]) },
    lower: { v: Tensor.from(new Array<number>(lower).fill(1)) },
    f: ({ u, v }) => add(reduceSum(square(v.v)), reduceSum(square(u.u))),
    g: ({ u, v }) => sub(mul(0.5 * curvature, reduceSum(square(v.v))), mul(reduceSum(v.v), reduceSum(u.u))),
  });

test('stable: its state holds the matrices', (t) => {
  using solver = stable(isotropic(5, 40, 1), {}, { device });
  // u, v and the old point besides, and the limit of the rates.
  t.is(solver.memoryOf(solver.init()).state, 4 * (40 * (5 + 40) + 2 * (5 + 40) + 1));
});

test('stable: refuses what would not fit, naming the sizes, and a Hessian that is not positive definite', async (t) => {
  t.throws(() => stable(isotropic(1, 2001, 1), {}, { device }), {
    code: 'LIMIT_EXCEEDED',
    message: /grad_uv g, 1 x 2001, and grad_vv g, 2001 x 2001/,
  });
  t.throws(() => stable(isotropic(10_000, 1000, 1), {}, { device }), {
    code: 'LIMIT_EXCEEDED',
    message: /10000 x 1000.*11000000 elements.*at most 10000000/,
  });
  using solver = stable(isotropic(1, 3, -1), {}, { device });
  await t.throwsAsync(solver.step(solver.init()), { code: 'INDEFINITE_HESSIAN', message: /option tikhonov/ });
});
