import test from 'ava';
import { box, type ConvexSet, feed, minimizationProblem } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import { input, matmul, mean, mul, reduceSum, reshape, square, sub } from '../../lib/graph/index.js';
import { constant, stairs } from '../../lib/schedules/index.js';
import { type MinimizeOptions, type MinimizeReport, minimize } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const truth = [2, -1, 0.5];
const random = Random.fromSeed(2, 'regression');
const rows = Array.from({ length: 10 }, () => truth.map(() => random.normal()));
const targets = rows.map((row) => row.reduce((sum, value, column) => sum + value * (truth[column] as number), 0));
const arrays = { x: Tensor.from(rows.flat(), [10, 3]), y: Tensor.from(targets) };

/** Least squares that fits exactly. */
const regression = (batch?: number, sets: { readonly w?: ConvexSet } = {}) =>
  minimizationProblem({
    lower: { w: Tensor.zeros([3]) },
    feeds: { train: feed(arrays, { batch, seed: 5 }) },
    g: ({ v, train }) => mean(square(sub(reshape(matmul(train.x, reshape(v.w, [3, 1])), train.y.shape), train.y))),
    sets,
  });

async function solve(problem: ReturnType<typeof regression>, iterations: number, options: MinimizeOptions) {
  using solver = minimize(problem, options, { device });
  const state = solver.init();
  const reports: MinimizeReport[] = [];
  for await (const report of solver.run({ state, iterations })) reports.push(report);
  return { reports, w: state.v.w?.toArray() ?? [], state };
}

for (const optimizer of ['sgd', 'momentum', 'adam'] as const) {
  test(`${optimizer} on mini-batches finds the exact fit`, async (t) => {
    const learningRate = { sgd: 0.1, momentum: 0.02, adam: 0.02 }[optimizer];
    const { reports, w } = await solve(regression(4), 10, { optimizer, steps: 200, learningRate });
    const last = reports.at(-1);
    t.true(
      w.every((value, index) => Math.abs(value - (truth[index] as number)) < 1e-4),
      w.join(', '),
    );
    t.true((last?.g ?? 1) < 1e-7 && (last?.lowerGradientNorm ?? 1) < 1e-3);
    t.is(last?.lowerSteps, 2000);
  });
}

test('many steps in one call are the same steps as in many calls', async (t) => {
  const schedule = stairs(0.2, 0.5, 4);
  const [together, apart] = [
    await solve(regression(4), 2, { steps: 6, learningRate: schedule }),
    await solve(regression(4), 12, { steps: 1, learningRate: schedule }),
  ];
  t.deepEqual(together.w, apart.w);
  const means = [0, 6].map((from) => apart.reports.slice(from, from + 6).reduce((sum, { g }) => sum + g, 0) / 6);
  t.true(together.reports.every(({ g }, index) => Math.abs(g - (means[index] as number)) < 1e-12));
});

test('the steps are those of gradient descent by hand, with the reported cost before each', async (t) => {
  const { reports, w } = await solve(regression(), 1, { optimizer: 'sgd', steps: 3, learningRate: constant(0.1) });
  let expected = [0, 0, 0];
  let sum = 0;
  for (let step = 0; step < 3; step++) {
    const errors = rows.map(
      (row, index) =>
        row.reduce((z, value, column) => z + value * (expected[column] as number), 0) - (targets[index] as number),
    );
    sum += errors.reduce((total, error) => total + error ** 2, 0) / 10;
    expected = expected.map(
      (value, column) =>
        value -
        0.1 * errors.reduce((total, error, index) => total + (2 / 10) * error * (rows[index]?.[column] as number), 0),
    );
  }
  t.true(w.every((value, index) => Math.abs(value - (expected[index] as number)) < 1e-6));
  t.true(Math.abs((reports[0]?.g ?? 0) - sum / 3) < 1e-6);
});

test('a set is kept by projection', async (t) => {
  const { w } = await solve(regression(undefined, { w: box(-0.25, 1) }), 20, {
    optimizer: 'sgd',
    steps: 100,
    learningRate: 0.1,
  });
  t.true(w.every((value) => value >= -0.25 && value <= 1));
  t.true(w.includes(1) || w.includes(-0.25));
});

test('an aborted iteration leaves the state as it was', async (t) => {
  using solver = minimize(regression(4), { steps: 200_000 }, { device });
  const state = solver.init();
  await solver.step(state);
  const before = { w: state.v.w?.toArray(), sampler: state.samplers.train?.state, counters: { ...state.counters } };
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 2);
  await t.throwsAsync(solver.step(state, { signal: controller.signal }), { code: 'ABORTED' });
  t.deepEqual({ w: state.v.w?.toArray(), sampler: state.samplers.train?.state, counters: state.counters }, before);
});

test('a value that is not finite names the step', async (t) => {
  await t.throwsAsync(solve(regression(), 1, { optimizer: 'sgd', learningRate: 1e30 }), {
    code: 'NON_FINITE',
    message:
      /^g became Infinity in step 2 of the phase lower in iteration 1 of the minimization\..* Lower learningRate\.$/,
  });
});

test('unknown options and wrong values are refused', (t) => {
  t.throws(() => minimize(regression(), { learningrate: 1 } as never, { device }), {
    code: 'UNKNOWN_OPTION',
    message: /Did you mean learningRate\?/,
  });
  t.throws(() => minimize(regression(), { steps: 0 }, { device }), { code: 'INVALID_ARGUMENT', message: /steps/ });
});

test('a cost written with inputs of its own is refused when it is run', async (t) => {
  const problem = minimizationProblem({
    lower: { w: Tensor.zeros([3]) },
    g: ({ v }) => reduceSum(mul(v.w, input('mine', [3]))),
  });
  await t.throwsAsync(solve(problem, 1, {}), { code: 'INVALID_ARGUMENT', message: /mine/ });
});
