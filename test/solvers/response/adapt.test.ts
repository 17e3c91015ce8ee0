import test from 'ava';
import { bilevelProblem, feed, perTask } from '../../../lib/bilevel/index.js';
import { samplers } from '../../../lib/data/samplers/index.js';
import {
  accuracy,
  add,
  constant,
  crossEntropy,
  matmul,
  mean,
  mul,
  type Node,
  reduceSum,
  square,
  sub,
} from '../../../lib/graph/index.js';
import { geometric } from '../../../lib/schedules/index.js';
import { adapt, maml, reverse, rmd } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';

const device = testDevice();
test.after.always(() => device.dispose());

const wave = (length: number, pace: number): number[] =>
  Array.from({ length }, (_, index) => Math.sin(pace * (index + 1)));

/** Six classes of points around centres of their own; each of `tasks` tasks tells three of them apart. */
function classesOfPoints(tasks: number, seed = 1) {
  const labels = Array.from({ length: 60 }, (_, row) => row % 6);
  const noise = wave(60 * 4, 3.3);
  const points = labels.flatMap((label, row) =>
    [0, 1, 2, 3].map((at) => 2 * Math.cos(label * (at + 1)) + 0.5 * (noise[4 * row + at] ?? 0)),
  );
  const sampler = samplers.episodes({ ways: 3, shots: 2, queries: 5, tasks });
  return feed({ x: Tensor.from(points, [60, 4]), y: Tensor.from(labels, [60], 'int64') }, { sampler, seed });
}

type Rows = { readonly x: Node; readonly y: Node };

const fewShots = (tasks = 4) => {
  const costs = (v: Readonly<Record<'weight' | 'bias', Node>>, rows: Rows): Node =>
    perTask({ v, rows }, ({ v: { weight, bias }, rows: { x, y } }) =>
      mean(crossEntropy(add(matmul(x, weight), bias), y)),
    );
  return bilevelProblem({
    upper: { weight: Tensor.from(wave(12, 0.7), [4, 3]), bias: Tensor.from(wave(3, 1.9)) },
    lower: { weight: Tensor.zeros([tasks, 4, 3]), bias: Tensor.zeros([tasks, 3]) },
    feeds: { tasks: classesOfPoints(tasks) },
    f: ({ v, tasks: { query } }) => mean(costs(v, query)),
    g: ({ v, tasks: { support } }) => reduceSum(costs(v, support)),
  });
};

/** All tasks share the scales of what a sample is described by, and each has a last layer. */
const sharedFeatures = (tasks = 4) => {
  const costs = (scale: Node, v: Readonly<Record<'weight' | 'bias', Node>>, { x, y }: Rows): Node =>
    perTask({ v, x, y }, ({ v: { weight, bias }, x, y }) =>
      mean(crossEntropy(add(matmul(mul(x, scale), weight), bias), y)),
    );
  return bilevelProblem({
    upper: { scale: Tensor.from([1, 0.5, 2, 1]) },
    lower: { weight: Tensor.zeros([tasks, 4, 3]), bias: Tensor.zeros([tasks, 3]) },
    feeds: { tasks: classesOfPoints(tasks) },
    f: ({ u, v, tasks: { query } }) => mean(costs(u.scale, v, query)),
    g: ({ u, v, tasks: { support } }) => reduceSum(costs(u.scale, v, support)),
  });
};

const problemStart = ({ upper }: ReturnType<typeof fewShots>): Record<string, Tensor> =>
  Object.fromEntries(upper.map(({ name, initial }) => [name, initial]));

const rights = ({
  v,
  tasks: { query },
}: {
  readonly v: Record<'weight' | 'bias', Node>;
  readonly tasks: { readonly query: Rows };
}) => perTask({ v, query }, ({ v: { weight, bias }, query: { x, y } }) => accuracy(add(matmul(x, weight), bias), y));

test('v makes its steps on g from where it starts', async (t) => {
  const target = wave(3, 1.1);
  const problem = bilevelProblem({
    upper: { scale: Tensor.from([2]) },
    lower: { v: Tensor.from([1, -1, 0.5]) },
    f: ({ v }) => reduceSum(v.v),
    g: ({ u, v }) => reduceSum(square(sub(v.v, mul(constant(target, [3]), u.scale)))),
  });
  const u = { scale: Tensor.from([3]) };
  const { v, f, g } = await adapt(problem, u, { steps: 4, learningRate: 0.2, device });
  const expected = [1, -1, 0.5].map((start, at) => 3 * (target[at] ?? 0) + 0.6 ** 4 * (start - 3 * (target[at] ?? 0)));
  t.true(expected.every((value, at) => Math.abs(value - (v.v?.toArray()[at] ?? Number.NaN)) < 1e-6));
  t.true(Math.abs((f[0] ?? 0) - expected.reduce((a, b) => a + b)) < 1e-6);
  t.true(
    Math.abs((g[0] ?? 0) - expected.reduce((sum, value, at) => sum + (value - 3 * (target[at] ?? 0)) ** 2, 0)) < 1e-6,
  );
  const still = await adapt(problem, u, { steps: 0, device });
  t.deepEqual(still.v.v?.toArray(), [1, -1, 0.5]);
});

test('tasks adapt as in the method that trained for it, mini-batch by mini-batch', async (t) => {
  const problem = fewShots();
  using solver = maml(
    problem,
    { lowerSteps: 5, lowerLearningRate: 0.1, upperOptimizer: 'sgd', upperLearningRate: 1e-12 },
    { device },
  );
  const state = solver.init();
  const reports = [await solver.step(state), await solver.step(state)];
  const done: number[] = [];
  const { f, v, metrics } = await adapt(problem, problemStart(problem), {
    steps: 5,
    learningRate: 0.1,
    start: 'upper',
    batches: 2,
    metrics: { rights },
    onProgress: (batch) => done.push(batch),
    device,
  });
  t.true(
    f.every((value, at) => Math.abs(value - (reports[at]?.f ?? Number.NaN)) < 1e-5),
    `${f} ${reports.map((each) => each.f)}`,
  );
  const worst = Math.max(
    ...(v.weight?.toArray() ?? []).map((each, at) => Math.abs(each - (state.v.weight?.toArray()[at] ?? Number.NaN))),
  );
  t.true(worst < 1e-5, `${worst}`);
  t.deepEqual(metrics.rights.shape, [2, 4]);
  t.true(
    metrics.rights
      .toArray()
      .every((share) => share >= 0 && share <= 1 && Math.abs(15 * share - Math.round(15 * share)) < 1e-5),
  );
  t.deepEqual(done, [1, 2]);
});

test('tasks of other classes take the place of those of the problem', async (t) => {
  const problem = fewShots();
  const options = { steps: 50, learningRate: 0.5, metrics: { rights }, batches: 3, device } as const;
  const [own, other] = [
    await adapt(problem, problemStart(problem), options),
    await adapt(problem, problemStart(problem), { ...options, feeds: { tasks: classesOfPoints(4, 2) } }),
  ];
  t.notDeepEqual(own.f, other.f);
  const mean = (tensor: Tensor): number => tensor.toArray().reduce((a, b) => a + b, 0) / tensor.size;
  t.true(mean(own.metrics.rights) > 0.9 && mean(other.metrics.rights) > 0.9);
  t.deepEqual((await adapt(problem, problemStart(problem), options)).f, own.f);
});

test('steps that are too long, and what is not understood, are told with what to do', async (t) => {
  const problem = fewShots();
  const u = problemStart(problem);
  const bowl = bilevelProblem({
    upper: { scale: Tensor.from([2]) },
    lower: { v: Tensor.from([1]) },
    f: ({ v }) => reduceSum(v.v),
    g: ({ u, v }) => reduceSum(square(sub(v.v, u.scale))),
  });
  await t.throwsAsync(adapt(bowl, { scale: Tensor.from([3]) }, { steps: 200, learningRate: 10, device }), {
    code: 'NON_FINITE',
    message: /smaller learningRate/,
  });
  await t.throwsAsync(adapt(problem, u, { rate: 1 } as never), { code: 'UNKNOWN_OPTION' });
  await t.throwsAsync(adapt(problem, u, { batches: 0 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(adapt(problem, {}, { device }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(adapt(problem, u, { metrics: { wrong: 1 as never } }), {
    code: 'INVALID_ARGUMENT',
    message: /the metric wrong/,
  });
  const controller = new AbortController();
  const stopped = adapt(problem, u, {
    batches: 1000,
    steps: 1000,
    signal: controller.signal,
    onProgress: () => controller.abort(),
    device,
  });
  await t.throwsAsync(stopped, { code: 'ABORTED' });
  const unlike = bilevelProblem({
    upper: { a: Tensor.zeros([1]) },
    lower: { b: Tensor.zeros([1]) },
    f: ({ v }) => reduceSum(v.b),
    g: ({ v }) => reduceSum(square(v.b)),
  });
  await t.throwsAsync(adapt(unlike, { a: Tensor.zeros([1]) }, { start: 'upper' }), {
    code: 'INVALID_ARGUMENT',
    message: /named b/,
  });
});

test('with a solver and its state v moves as its method moves it', async (t) => {
  const problem = fewShots();
  const metrics = { rights };
  const feeds = { tasks: classesOfPoints(4, 9) };
  const course = { feeds, batches: 2, metrics: metrics as never };
  const meta = {
    lowerSteps: 3,
    lowerLearningRate: geometric(0.1, 0.5),
    lowerOptimizer: 'momentum',
    momentum: 0.5,
  } as const;
  using solver = maml(problem, meta, { device });
  const state = solver.init();
  for (const [iteration, learningRate] of [
    [0, 0.1],
    [1, 0.05],
  ] as const) {
    t.is(state.counters.iteration, iteration);
    const found = await adapt(solver, state, course);
    const given = { steps: 3, learningRate, optimizer: 'momentum', momentum: 0.5, start: 'upper' } as const;
    t.deepEqual(found, await adapt(problem, state.u, { ...course, ...given, device }));
    t.notDeepEqual(found.f, (await adapt(solver, state, { ...course, steps: 1 })).f);
    await solver.step(state);
  }
  // A method that starts v where the problem lets it.
  const other = sharedFeatures();
  using plain = rmd(other, { lowerSteps: 2, lowerLearningRate: 0.2 }, { device });
  const start = plain.init();
  t.deepEqual(
    (await adapt(plain, start, { feeds })).f,
    (await adapt(other, start.u, { feeds, steps: 2, learningRate: 0.2, device })).f,
  );
});

test('a solver whose rates are not known beforehand asks for one, and states are states', async (t) => {
  using limited = reverse(sharedFeatures(), {}, { device });
  const state = limited.init();
  const missing = await t.throwsAsync(adapt(limited, state), { code: 'INVALID_ARGUMENT' });
  t.regex(missing?.message ?? '', /adapt needs the option learningRate: .* by the curvature of g/);
  t.true(Number.isFinite((await adapt(limited, state, { learningRate: 0.1 })).f[0]));
  const wrong = await t.throwsAsync(adapt(limited, state.u as never), { code: 'INVALID_ARGUMENT' });
  t.regex(wrong?.message ?? '', /a state of the solver given to adapt/);
});
