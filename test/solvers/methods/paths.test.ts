import test, { type ExecutionContext } from 'ava';
import { type BilevelProblem, bilevelProblem, box, feed, perSample } from '../../../lib/bilevel/index.js';
import {
  add,
  concat,
  constant,
  matmul,
  mul,
  type Node,
  reduceSum,
  reshape,
  square,
  sub,
} from '../../../lib/graph/index.js';
import { hozog, type MethodSolver, type MethodState, pzobo, pzoboS } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** g = 1/2 (v - B u)' H (v - B u) with u = (a, b), and f = <p, u> + <q, v>. */
const H = [
  [1.5, 0.25, 0, 0.5],
  [0.25, 1, -0.25, 0],
  [0, -0.25, 0.75, 0.25],
  [0.5, 0, 0.25, 1.25],
];
const B = [
  [1, -0.5, 0.25, 0, 0.75],
  [0.5, 1, -1, 0.25, 0],
  [-0.25, 0.5, 0, 1, -0.5],
  [0, 0.25, 0.75, -1, 1],
];
const p = [0.5, -1, 0.25, 0.75, -0.5];
const q = [1, -0.5, 0.75, 2];
const start = { u: [0.5, -0.25, 1, -0.75, 0.25], v: [1, 0.5, -1, 0.25] };
const [rate, steps] = [0.3, 4];

type Vector = readonly number[];
const times = (matrix: readonly Vector[], x: Vector) =>
  matrix.map((row) => row.reduce((sum, entry, column) => sum + entry * (x[column] ?? Number.NaN), 0));
const transposed = (matrix: readonly Vector[]) =>
  (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? 0));
const along = (x: Vector, factor: number, y: Vector) =>
  x.map((value, index) => value + factor * (y[index] ?? Number.NaN));
const squared = (x: Vector) => x.reduce((sum, value) => sum + value ** 2, 0);

/** v after the lower steps at u. */
function end(u: Vector): Vector {
  let v: Vector = start.v;
  for (let step = 0; step < steps; step++) v = along(v, -rate, times(H, along(v, -1, times(B, u))));
  return v;
}

/** J' q with J = (I - (I - rate H)^T) B. */
function pulledBack(): Vector {
  let remaining: Vector = q;
  for (let step = 0; step < steps; step++) remaining = along(remaining, -rate, times(H, remaining));
  return times(transposed(B), along(q, -1, remaining));
}

function problem({ trials, seed = 0 }: { trials?: number; seed?: number } = {}): BilevelProblem {
  const tensor = (values: Vector) =>
    trials === undefined
      ? Tensor.from(values)
      : Tensor.from(new Array(trials).fill(values).flat(), [trials, values.length]);
  const rowsOf = (x: Node) => reshape(x, [trials ?? 1, x.shape.at(-1) ?? 0]);
  const total = (x: Node) => reduceSum(x, trials === undefined ? undefined : [1]);
  const upper = (u: { a: Node; b: Node }) => concat([rowsOf(u.a), rowsOf(u.b)], 1);
  return bilevelProblem({
    upper: { a: tensor(start.u.slice(0, 2)), b: tensor(start.u.slice(2)) },
    lower: { v: tensor(start.v) },
    ...(trials !== undefined && { trials }),
    f: ({ u, v }) => add(total(mul(upper(u), constant(p))), total(mul(rowsOf(v.v), constant(q)))),
    g: ({ u, v }) => {
      const rest = sub(rowsOf(v.v), matmul(upper(u), constant(transposed(B).flat(), [5, 4])));
      return mul(0.5, total(mul(rest, matmul(rest, constant(H.flat(), [4, 4])))));
    },
    seed,
  });
}

const methods = { pzobo, pzoboS, hozog } as const;
const names = ['pzobo', 'pzoboS', 'hozog'] as const;
const settings = { lowerSteps: steps, lowerLearningRate: rate, upperLearningRate: 1, smoothing: 0.5 };

/** The direction along which a step of length 1 has moved u, of one trial. */
function moved(state: MethodState, trial = 0): Vector {
  const part = (name: string, size: number) => state.u[name]?.toArray().slice(trial * size, (trial + 1) * size) ?? [];
  return along(start.u, -1, [...part('a', 2), ...part('b', 3)]);
}

const near = (t: ExecutionContext, got: Vector, expected: Vector, bound: number | Vector) => {
  for (const [index, value] of expected.entries()) {
    const limit = typeof bound === 'number' ? bound : (bound[index] ?? Number.NaN);
    t.true(Math.abs((got[index] ?? Number.NaN) - value) < limit, `${got}, not ${expected} within ${limit}`);
  }
};

for (const name of names) {
  /** What is known exactly of the hypergradient, and what is estimated. */
  const exact = name === 'hozog' ? p.map(() => 0) : p;
  const estimated = name === 'hozog' ? along(p, 1, pulledBack()) : pulledBack();

  test(`${name}: by coordinates it is grad_u f + J' grad_v f in closed form`, async (t) => {
    using solver = methods[name](problem(), { ...settings, directions: 5, directionMode: 'coordinates' }, { device });
    const state = solver.init();
    await solver.step(state);
    near(t, state.v.v?.toArray() ?? [], end(start.u), 1e-6);
    near(t, moved(state), along(exact, 1, estimated), 2e-5);
  });

  /** Mean and variance of one direction's estimate of x, element by element. */
  const moments = {
    gaussian: (x: Vector) => ({ mean: x, variance: x.map((value) => squared(x) + value ** 2) }),
    sphere: (x: Vector) => ({
      mean: x,
      variance: x.map((value) => (x.length * (squared(x) + 2 * value ** 2)) / (x.length + 2) - value ** 2),
    }),
    unitPerTensor(x: Vector) {
      const parts = [x.slice(0, 2), x.slice(2)];
      const lengths = parts.map((part) => squared(part) / part.length);
      const others = (part: Vector) => lengths.reduce((sum, length) => sum + length, 0) - squared(part) / part.length;
      return {
        mean: parts.flatMap((part) => part.map((value) => value / part.length)),
        variance: parts.flatMap((part) => {
          const d = part.length;
          return part.map(
            (value) => (squared(part) + 2 * value ** 2) / (d * (d + 2)) + others(part) / d - (value / d) ** 2,
          );
        }),
      };
    },
  } as const;

  for (const mode of ['gaussian', 'sphere', 'unitPerTensor'] as const) {
    test(`${name}: the mean over many ${mode} directions is what the mode says, in every trial`, async (t) => {
      const directions = 4000;
      const { mean, variance } = moments[mode](estimated);
      const bounds = variance.map((value) => 4 * Math.sqrt(value / directions) + 1e-4);
      t.true(bounds.every((bound) => bound < 0.5 * Math.sqrt(squared(mean))));
      using single = methods[name](problem(), { ...settings, directions, directionMode: mode }, { device });
      const state = single.init();
      await single.step(state);
      near(t, moved(state), along(exact, 1, mean), bounds);
      using several = methods[name](
        problem({ trials: 2 }),
        { ...settings, directions, directionMode: mode },
        { device },
      );
      const both = several.init();
      await several.step(both);
      near(t, moved(both, 0), along(exact, 1, mean), bounds);
      near(t, moved(both, 1), along(exact, 1, mean), bounds);
      t.notDeepEqual(moved(both, 0), moved(both, 1));
    });
  }

  test(`${name}: directions change with the iteration and with the seed, and with nothing else`, async (t) => {
    const estimates = async (seed: number) => {
      const options = { ...settings, upperLearningRate: 1e-30, warmStart: false, directions: 2 };
      using solver: MethodSolver = methods[name](problem({ seed }), options, { device });
      const norms: number[] = [];
      for await (const { hypergradientNorm } of solver.run({ iterations: 3 })) norms.push(hypergradientNorm);
      return norms;
    };
    const norms = [...(await estimates(3)), ...(await estimates(4))];
    t.is(new Set(norms).size, 6);
    t.deepEqual(await estimates(3), norms.slice(0, 3));
  });

  test(`${name}: no direction, no distance, or another number than that of the coordinates is refused`, (t) => {
    const refuses = (options: object, message: RegExp) =>
      t.throws(() => methods[name](problem(), options, { device }), { code: 'INVALID_ARGUMENT', message });
    refuses({ directions: 0 }, />= 1 .* for the option directions/);
    refuses({ smoothing: 0 }, /> 0 for the option smoothing/);
    refuses(
      { directionMode: 'coordinates', directions: 4 },
      /5, the number of elements of u, .* for the option directions/,
    );
  });

  test(`${name}: a path runs as v does, with its optimizer's slots`, async (t) => {
    const factor = 0.5;
    const options = {
      ...settings,
      lowerOptimizer: 'momentum',
      momentum: factor,
      directions: 5,
      directionMode: 'coordinates',
      upperLearningRate: 0.1,
    } as const;
    using solver = methods[name](problem(), options, { device });
    const state = solver.init();
    let [u, v, velocity]: Vector[] = [start.u, start.v, start.v.map(() => 0)];
    const run = (at: Vector): readonly [Vector, Vector] => {
      let [x, speed] = [v ?? [], velocity ?? []];
      for (let step = 0; step < steps; step++) {
        speed = along(times(H, along(x, -1, times(B, at))), factor, speed);
        x = along(x, -rate, speed);
      }
      return [x, speed];
    };
    for (let iteration = 0; iteration < 3; iteration++) {
      await solver.step(state);
      const at = u ?? [];
      const [reached, speed] = run(at);
      const jacobian = at.map((_, index) => {
        const shift = at.map((_, other) => (other === index ? 1 : 0));
        return along(run(along(at, 1, shift))[0], -1, reached).reduce((sum, value, k) => sum + value * (q[k] ?? 0), 0);
      });
      [u, v, velocity] = [along(at, -0.1, along(p, 1, jacobian)), reached, speed];
      near(t, state.v.v?.toArray() ?? [], v, 1e-5);
      near(t, [...(state.u.a?.toArray() ?? []), ...(state.u.b?.toArray() ?? [])], u, 1e-5);
    }
  });

  test(`${name}: where the lower set holds v fast, u does not move it`, async (t) => {
    const held = bilevelProblem({
      upper: { u: Tensor.from([2, 0.5]) },
      lower: { v: Tensor.from([0.5, 0.25]) },
      f: ({ v }) => reduceSum(square(v.v)),
      g: ({ u, v }) => mul(0.5, reduceSum(square(sub(v.v, u.u)))),
      sets: { lower: { v: box(0, 1) } },
    });
    const options = { lowerSteps: 60, lowerLearningRate: 0.5, upperLearningRate: 1, smoothing: 0.01 } as const;
    using solver = methods[name](held, { ...options, directions: 2, directionMode: 'coordinates' }, { device });
    const state = solver.init();
    await solver.step(state);
    near(t, state.v.v?.toArray() ?? [], [1, 0.5], 1e-6);
    near(t, state.u.u?.toArray() ?? [], [2, 0.5 - 1], 0.02);
  });
}

for (const name of ['pzobo', 'hozog'] as const) {
  test(`${name}: of a variable with a row per sample only the rows of the batch are perturbed and moved`, async (t) => {
    const [size, batch, factor] = [6, 2, 1 - (1 - rate) ** steps];
    const weights = [1, -2, 3, 0.5, -1, 2];
    const sampled = bilevelProblem({
      upper: { u: perSample(Tensor.zeros([size]), 'rows') },
      lower: { v: Tensor.from([0], []) },
      feeds: { rows: feed({ x: Tensor.from(weights) }, { batch }) },
      f: ({ v }) => v.v,
      g: ({ u, v, rows }) => mul(0.5, square(sub(v.v, reduceSum(mul(u.u, rows.x))))),
    });
    using solver = methods[name](sampled, { ...settings, directions: batch, directionMode: 'coordinates' }, { device });
    const state = solver.init();
    await solver.step(state);
    const got = state.u.u?.toArray() ?? [];
    t.is(got.filter((value) => value !== 0).length, batch);
    near(
      t,
      got,
      weights.map((weight, index) => (got[index] === 0 ? 0 : -factor * weight)),
      1e-5,
    );
  });
}

for (const [name, draws] of [
  ['pzobo', 1],
  ['pzoboS', 3],
] as const) {
  test(`${name}: all paths see the same rows, so that what differs between rows leaves no trace`, async (t) => {
    const size = 12;
    const noise = Tensor.from(
      Array.from({ length: 2 * size }, (_, index) => 50 * Math.sin(index)),
      [size, 2],
    );
    const noisy = bilevelProblem({
      upper: { u: Tensor.from([0.5, -1]) },
      lower: { v: Tensor.from([0, 0]) },
      feeds: { rows: feed({ x: noise }, { batch: 1 }) },
      f: ({ v }) => reduceSum(v.v),
      g: ({ u, v, rows }) => mul(0.5, reduceSum(square(sub(sub(v.v, u.u), reshape(rows.x, [2]))))),
    });
    const options = { lowerSteps: 3, lowerLearningRate: 0.5, upperLearningRate: 1, smoothing: 0.25 } as const;
    using solver = methods[name](noisy, { ...options, directions: 2, directionMode: 'coordinates' }, { device });
    const state = solver.init();
    await solver.step(state);
    t.true(Math.max(...(state.v.v?.toArray() ?? []).map(Math.abs)) > 5);
    near(t, state.u.u?.toArray() ?? [], [0.5 - 0.875, -1 - 0.875], 1e-4);
    t.is(state.counters.draws, draws);
  });
}
