import { setImmediate as turn } from 'node:timers/promises';
import test from 'ava';
import { bilevelProblem, feed, minimizationProblem } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import { samplers } from '../../lib/data/samplers/index.js';
import {
  add,
  crossEntropy,
  matmul,
  mean,
  mul,
  type Node,
  reduceSum,
  reshape,
  slice,
  square,
  tanh,
} from '../../lib/graph/index.js';
import { type CompileProgress, maml, methods, minimize, type SolverState } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const device = testDevice();
test.after(() => device.dispose());

const random = Random.fromSeed(8, 'create');
const normal = (...shape: number[]): Tensor<'float32'> =>
  Tensor.from(
    Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.3 * random.normal()),
    shape,
  );

const data = { x: normal(120, 6), y: Tensor.from(Array.from({ length: 120 }, (_, row) => BigInt(row % 6))) };
const start = { first: normal(6, 5), second: normal(5, 3) };

/** A network of two layers that every task has for itself; `scale` makes it a problem that no cache knows. */
function tasksOf(tasks: number, scale: number) {
  const one = (node: Node, task: number): Node => {
    const shape = node.shape.slice(1);
    const starts = [task, ...shape.map(() => 0)];
    return reshape(slice(node, { starts, limits: [task + 1, ...shape] }), shape);
  };
  const cost = (v: { first: Node; second: Node }, set: { x: Node; y: Node }): Node =>
    Array.from({ length: tasks }, (_, task) => {
      const hidden = tanh(matmul(one(set.x, task), one(v.first, task)));
      return mean(crossEntropy(mul(scale, matmul(hidden, one(v.second, task))), one(set.y, task)));
    }).reduce((sum, each) => add(sum, each));
  return bilevelProblem({
    upper: start,
    lower: { first: Tensor.zeros([tasks, 6, 5]), second: Tensor.zeros([tasks, 5, 3]) },
    feeds: { task: feed(data, { sampler: samplers.episodes({ ways: 3, shots: 2, queries: 4, tasks }) }) },
    g: ({ v, task: { support } }) => cost(v, support),
    f: ({ v, task: { query } }) => cost(v, query),
  });
}

/** The elements of u and v as bits. */
const bits = ({ tensors }: SolverState): unknown =>
  Object.entries(tensors).map(([name, { data }]) => [name, ...new Int32Array(data.buffer)]);

test('the event loop turns while a MAML of 16 tasks is compiled, to the same bits', async (t) => {
  const problem = tasksOf(16, 1.25);
  let turns = 0;
  let made = false;
  const turning = (async () => {
    while (!made) {
      await turn();
      turns++;
    }
  })();
  const progress: CompileProgress[] = [];
  const turnsAt: number[] = [];
  using solver = await maml.create(
    problem,
    { lowerSteps: 3 },
    {
      device,
      onProgress: (each) => {
        progress.push(each);
        turnsAt.push(turns);
      },
    },
  );
  made = true;
  await turning;
  // Without another thread there are as few as programs.
  t.true(turns > 100, `${turns} turns`);
  t.deepEqual(
    progress,
    solver.phases.map((phase, index) => ({ phase, compiled: index + 1, programs: solver.phases.length })),
  );
  t.true(
    turnsAt.every((count, index) => count > (turnsAt[index - 1] ?? 0)),
    'there are turns before every program',
  );

  const state = solver.init();
  const reports = [await solver.step(state), await solver.step(state)];
  // That is in the cache now; so is what the first solver of a like problem compiles on this thread.
  using known = maml(problem, { lowerSteps: 3 }, { device });
  const second = known.init();
  t.deepEqual(
    [await known.step(second), await known.step(second)].map(({ wallMs, ...report }) => report),
    reports.map(({ wallMs, ...report }) => report),
  );
  t.deepEqual(bits(second), bits(state));
  for (const phase of solver.phases) t.is(known.costOf(phase), solver.costOf(phase), 'one program in the cache');
});

test('what is in the cache is not compiled again', async (t) => {
  const problem = tasksOf(2, 1.5);
  using first = maml(problem, {}, { device });
  using second = await maml.create(problem, {}, { device });
  for (const phase of first.phases) t.is(second.costOf(phase), first.costOf(phase));
});

test('every method can be created so', async (t) => {
  for (const [name, method] of Object.entries(methods)) t.is(typeof method.create, 'function', name);
  using solver = await methods.penalty.create(smallProblem(), { lowerSteps: 2 }, { device });
  using same = methods.penalty(smallProblem(), { lowerSteps: 2 }, { device });
  const [a, b] = [solver.init(), same.init()];
  await solver.step(a);
  await same.step(b);
  t.deepEqual(bits(a), bits(b));
});

test('a minimization is created so too', async (t) => {
  const problem = minimizationProblem({
    lower: { weight: normal(4) },
    g: ({ v }) => reduceSum(square(mul(0.75, v.weight))),
  });
  const progress: CompileProgress[] = [];
  using solver = await minimize.create(problem, { steps: 3 }, { device, onProgress: (each) => progress.push(each) });
  t.deepEqual(progress, [{ phase: 'lower', compiled: 1, programs: 1 }]);
  using same = minimize(problem, { steps: 3 }, { device });
  const [a, b] = [solver.init(), same.init()];
  await solver.step(a);
  await same.step(b);
  t.deepEqual(bits(a), bits(b));
});

test('what is wrong with a problem or with options rejects', async (t) => {
  const problem = tasksOf(2, 1.75);
  await t.throwsAsync(maml.create({} as never), { code: 'INVALID_ARGUMENT', message: /what bilevelProblem/ });
  await t.throwsAsync(maml.create(problem, { lowerSteps: 0 }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(maml.create(problem, {}, { devices: device } as never), {
    code: 'UNKNOWN_OPTION',
    message: /Did you mean device/,
  });
  await t.throwsAsync(maml.create(problem, {}, { device: {} } as never), {
    code: 'INVALID_ARGUMENT',
    message: /device/,
  });
  await t.throwsAsync(maml.create(problem, {}, { onProgress: 3 } as never), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(maml.create(problem, {}, { signal: 3 } as never), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(minimize.create({} as never), { code: 'INVALID_ARGUMENT', message: /what minimizationProblem/ });
  const failing = maml.create(
    problem,
    {},
    {
      device,
      onProgress: () => {
        throw new RangeError('nobody listens');
      },
    },
  );
  await t.throwsAsync(failing, { instanceOf: RangeError, message: 'nobody listens' });
});

test('a signal stops the construction, before and in the middle of a program', async (t) => {
  const problem = tasksOf(8, 2.25);
  const stopped = { code: 'ABORTED', message: 'The construction of the solver was stopped: enough' };
  const reason = new Error('enough');
  await t.throwsAsync(maml.create(problem, {}, { device, signal: AbortSignal.abort(reason) }), stopped);
  for (const turns of [0, 1, 30]) {
    const controller = new AbortController();
    const creating = maml.create(problem, { lowerSteps: 2 }, { device, signal: controller.signal });
    for (let passed = 0; passed < turns; passed++) await turn();
    controller.abort(reason);
    const error = await t.throwsAsync(creating, stopped);
    t.is(error?.cause, reason);
  }
  using solver = await maml.create(problem, { lowerSteps: 2 }, { device });
  t.is((await solver.step(solver.init())).iteration, 1);
});
