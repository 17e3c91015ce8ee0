import test from 'ava';
import { bilevelProblem, box } from '../../../lib/bilevel/index.js';
import { Random } from '../../../lib/data/random.js';
import {
  add,
  constant,
  cos,
  div,
  exp,
  log,
  matmul,
  mul,
  type Node,
  reduceSum,
  reshape,
  sin,
  square,
  sub,
} from '../../../lib/graph/index.js';
import {
  bome,
  f2ba,
  f2sa,
  gPbgd,
  type MethodSolver,
  type MethodState,
  meha,
  vPbgd,
} from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { solveDense } from '../../support/solvers/dense.js';

const device = testDevice();
test.after.always(() => device.dispose());

type Vector = readonly number[];
type Matrix = readonly Vector[];
const times = (matrix: Matrix, x: Vector) =>
  matrix.map((row) => row.reduce((sum, entry, column) => sum + entry * (x[column] ?? Number.NaN), 0));
const transposed = (matrix: Matrix) => (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0));
const along = (x: Vector, factor: number, y: Vector) =>
  x.map((value, index) => value + factor * (y[index] ?? Number.NaN));
const distance = (x: Vector, y: Vector) => Math.hypot(...along(x, -1, y));

/** f = 1/2 |v - t|^2 + 1/4 |u|^2 and g = 1/2 (v - B u)' H (v - B u), whose lower solution is B u. */
const H = [
  [1.5, 0.25, 0, 0.5],
  [0.25, 1, -0.25, 0],
  [0, -0.25, 0.75, 0.25],
  [0.5, 0, 0.25, 1.25],
];
const B = [
  [0.5, -0.5, 0.25],
  [0.25, 0.5, -0.5],
  [-0.25, 0.5, 0],
  [0, 0.25, 0.75],
];
const target = [1, -0.5, 0.75, 1];
const start = { u: [0.5, -0.25, 1], v: [1, 0.5, -1, 0.25] };

const F1 = (u: Vector) => u.map((value) => value / 2);
const F2 = (v: Vector) => along(v, -1, target);
const G2 = (u: Vector, v: Vector) => times(H, along(v, -1, times(B, u)));
const G1 = (u: Vector, v: Vector) => times(transposed(B), G2(u, v)).map((value) => -value);

const problem = (() => {
  const row = (x: Node) => reshape(x, [1, x.shape[0] ?? 0]);
  return bilevelProblem({
    upper: { u: Tensor.from(start.u) },
    lower: { v: Tensor.from(start.v) },
    f: ({ u, v }) => add(mul(0.5, reduceSum(square(sub(v.v, constant(target))))), mul(0.25, reduceSum(square(u.u)))),
    g: ({ u, v }) => {
      const rest = sub(row(v.v), matmul(row(u.u), constant(transposed(B).flat(), [3, 4])));
      return mul(0.5, reduceSum(mul(rest, matmul(rest, constant(H.flat(), [4, 4])))));
    },
  });
})();

/** The zero of an affine function. */
function zero(residual: (x: Vector) => Vector, size: number): Vector {
  const offset = residual(new Array(size).fill(0));
  const columns = offset.map((_, index) =>
    along(residual(offset.map((_, other) => (other === index ? 1 : 0))), -1, offset),
  );
  return solveDense(
    transposed(columns),
    offset.map((value) => -value),
  );
}

const split = (x: Vector) => ({ u: x.slice(0, 3), v: x.slice(3, 7), w: x.slice(7) });

/** u where the hypergradient vanishes: grad_u f + B' grad_v f at v = B u. */
const solution = zero((u) => along(F1(u), 1, times(transposed(B), F2(times(B, u)))), 3);

/** Where u, v and the second copy of v come to rest under a weight of the lower level. */
const gap = (weight: number) =>
  zero((x) => {
    const { u, v } = split(x);
    return [...along(F1(u), weight, G1(u, v)), ...along(F2(v), weight, G2(u, v))];
  }, 7);
const squaredGradient = (weight: number) =>
  zero((x) => {
    const { u, v } = split(x);
    const w = times(H, G2(u, v));
    return [...along(F1(u), -2 * weight, times(transposed(B), w)), ...along(F2(v), 2 * weight, w)];
  }, 7);
const envelope = (proximity: number) => (weight: number) =>
  zero((x) => {
    const { u, v, w } = split(x);
    const apart = along(v, -1, w);
    return [
      ...along(F1(u), weight, along(G1(u, v), -1, G1(u, w))),
      ...along(F2(v), weight, along(G2(u, v), -proximity, apart)),
      ...along(G2(u, w), -proximity, apart),
    ];
  }, 11);
const central = (weight: number) =>
  zero((x) => {
    const { u, v, w } = split(x);
    return [
      ...along(F1(u), weight / 2, along(G1(u, v), -1, G1(u, w))),
      ...along(F2(v), weight, G2(u, v)),
      ...along(F2(w), -weight, G2(u, w)),
    ];
  }, 11);

interface Case {
  readonly open: (weight: number) => MethodSolver;
  readonly rest: (weight: number) => Vector;
  /** Power of 1 / weight with which the distance to the solution falls. */
  readonly order: number;
  readonly iterations: number;
}

const cases: Readonly<Record<string, Case>> = {
  vPbgd: {
    open: (gamma) =>
      vPbgd(
        problem,
        { gamma, lowerSteps: 5, innerLearningRate: 0.5, upperLearningRate: 0.4, lowerLearningRate: 0.4 },
        { device },
      ),
    rest: gap,
    order: 1,
    iterations: 3000,
  },
  gPbgd: {
    open: (gamma) => gPbgd(problem, { gamma, upperLearningRate: 0.1, lowerLearningRate: 0.1 }, { device }),
    rest: squaredGradient,
    order: 1,
    iterations: 12000,
  },
  f2sa: {
    open: (multiplier) =>
      f2sa(
        problem,
        {
          multiplier,
          multiplierGrowth: 0,
          lowerSteps: 10,
          upperLearningRate: 0.2,
          lowerLearningRate: 0.8 / (multiplier + 1),
          innerLearningRate: 0.5,
        },
        { device },
      ),
    rest: gap,
    order: 1,
    iterations: 300,
  },
  'f2ba, forward': {
    open: (weight) =>
      f2ba(problem, { perturbation: 1 / weight, upperLearningRate: 0.2, lowerLearningRate: 0.5 }, { device }),
    rest: gap,
    order: 1,
    iterations: 300,
  },
  'f2ba, central': {
    open: (weight) =>
      f2ba(
        problem,
        { difference: 'central', perturbation: 1 / weight, upperLearningRate: 0.2, lowerLearningRate: 0.5 },
        { device },
      ),
    rest: central,
    order: 2,
    iterations: 300,
  },
  meha: {
    open: (penalty) =>
      meha(
        problem,
        { penalty, proximity: 0.25, upperLearningRate: 0.4, lowerLearningRate: 0.4, innerLearningRate: 0.4 },
        { device },
      ),
    rest: envelope(0.25),
    order: 1,
    iterations: 3000,
  },
};

async function run(solver: MethodSolver, iterations: number, state = solver.init()): Promise<MethodState> {
  for await (const _ of solver.run({ state, iterations }));
  return state;
}

for (const [name, { open, rest, order, iterations }] of Object.entries(cases)) {
  test(`${name}: comes to rest where its equations vanish, and nearer to the solution as the weight grows`, async (t) => {
    const errors: number[] = [];
    for (const weight of [10, 20, 40]) {
      using solver = open(weight);
      const state = await run(solver, iterations);
      const expected = split(rest(weight));
      const u = state.u.u?.toArray() ?? [];
      t.true(distance(u, expected.u) < 2e-5 && distance(state.v.v?.toArray() ?? [], expected.v) < 2e-5);
      errors.push(distance(u, solution));
    }
    for (const [index, error] of errors.slice(1).entries()) {
      const rate = Math.log2((errors[index] ?? Number.NaN) / error);
      t.true(Math.abs(rate - order) < 0.15 * order, `rate ${rate} of ${errors}`);
    }
  });
}

test('bome: the neighbourhood that it ends in shrinks with the learning rates', async (t) => {
  for (const barrier of ['gradient', 'gap'] as const) {
    const errors: number[] = [];
    for (const rate of [0.1, 0.05, 0.025]) {
      const options = { barrier, lowerSteps: 20, innerLearningRate: 0.5 } as const;
      using solver = bome(problem, { ...options, upperLearningRate: rate, lowerLearningRate: rate }, { device });
      const state = await run(solver, 100 / rate);
      errors.push(distance(state.u.u?.toArray() ?? [], solution));
    }
    for (const [index, error] of errors.slice(1).entries()) {
      t.true(error < 0.65 * (errors[index] ?? Number.NaN), `${barrier}: ${errors}`);
    }
    t.true((errors.at(-1) ?? Number.NaN) < 0.01);
  }
});

for (const open of [vPbgd, f2sa, f2ba, meha]) {
  test(`${open.name}: finds a solution on the boundary of the lower set`, async (t) => {
    const bounded = bilevelProblem({
      upper: { u: Tensor.from([1.5]) },
      lower: { v: Tensor.from([0.5]) },
      f: ({ u, v }) => mul(0.5, reduceSum(add(square(sub(u.u, 2)), square(sub(v.v, 0.5))))),
      g: ({ u, v }) => mul(0.5, reduceSum(square(sub(v.v, u.u)))),
      sets: { lower: { v: box(0, 1) } },
    });
    const own = { vPbgd: { gamma: 2 }, f2sa: { multiplierGrowth: 0 }, f2ba: {}, meha: { penalty: 2 } };
    const rates = { upperLearningRate: 0.3, lowerLearningRate: 0.3 };
    using solver: MethodSolver = open(bounded, { ...rates, ...own[open.name as keyof typeof own] }, { device });
    const state = await run(solver, 500);
    t.true(distance([...(state.u.u?.toArray() ?? []), ...(state.v.v?.toArray() ?? [])], [2, 1]) < 1e-5);
  });
}

test('bome: the copy of v starts at v in every iteration, with an optimizer as at the start', async (t) => {
  const rest = { upperLearningRate: 1e-30, lowerLearningRate: 1e-30, innerLearningRate: 0.1 };
  using solver = bome(problem, { ...rest, lowerOptimizer: 'momentum', lowerSteps: 3 }, { device });
  const state = solver.init();
  await solver.step(state);
  const first = state.tensors['w/v']?.toArray() ?? [];
  t.true(distance(start.v, first) > 0.1);
  await solver.step(state);
  t.deepEqual(state.tensors['w/v']?.toArray(), first);
});

test('vPbgd: from any start finds local solutions of a problem with a lower level that is not convex', async (t) => {
  const f = (x: number, y: number) =>
    Math.cos(4 * y + 2) / (1 + Math.exp(2 - 4 * x)) + Math.log((4 * x - 2) ** 2 + 1) / 2;
  // The lower solution is y = -x, so that local solutions are local minima of f along it.
  const grid = Array.from({ length: 30_001 }, (_, index) => index / 10_000);
  const costs = grid.map((x) => f(x, -x));
  const costAt = (index: number) => costs[index] ?? Number.POSITIVE_INFINITY;
  const minima = grid.filter((_, at) => costAt(at) < Math.min(costAt(at - 1), costAt(at + 1)));
  t.is(minima.length, 3);

  const trials = 300;
  const random = Random.fromSeed(5, 'starts');
  const draw = (low: number, high: number) =>
    Tensor.from(Array.from({ length: trials }, () => low + (high - low) * random.uniform()));
  const toy = bilevelProblem({
    upper: { x: draw(0, 3) },
    lower: { y: draw(-5, 8.5) },
    trials,
    f: ({ u: { x }, v: { y } }) =>
      add(
        div(cos(add(mul(4, y), 2)), add(1, exp(sub(2, mul(4, x))))),
        mul(0.5, log(add(square(sub(mul(4, x), 2)), 1))),
      ),
    g: ({ u: { x }, v: { y } }) => add(square(add(x, y)), mul(x, square(sin(add(x, y))))),
    sets: { upper: { x: box(0, 3) } },
  });
  for (const gamma of [10, 40]) {
    const rates = { upperLearningRate: 0.1, lowerLearningRate: 0.1, innerLearningRate: 0.1 };
    using solver = vPbgd(toy, { gamma, ...rates }, { device });
    const state = await run(solver, 400 * gamma);
    const [xs, ys] = [state.u.x?.toArray() ?? [], state.v.y?.toArray() ?? []];
    const reached = new Set<number>();
    for (const [trial, x] of xs.entries()) {
      const nearest = minima.find((minimum) => Math.abs(x - minimum) < 0.3 / gamma);
      t.true(nearest !== undefined, `${x} is none of ${minima}`);
      t.true(Math.abs(x + (ys[trial] ?? Number.NaN)) < 1 / gamma);
      if (nearest !== undefined) reached.add(nearest);
    }
    t.deepEqual([...reached].sort(), minima);
  }
});
