import test, { type ExecutionContext } from 'ava';
import { bilevelProblem, box, minimizationProblem } from '../../lib/bilevel/index.js';
import { compile } from '../../lib/compile/index.js';
import { Device } from '../../lib/engine/index.js';
import { add, input, mul, reduceSum, square, sub } from '../../lib/graph/index.js';
import {
  adapt,
  aidCg,
  gd,
  type MethodSolver,
  methods,
  minimize,
  penalty,
  type SolverResources,
} from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { RemoteMemory, remoteDevice } from '../support/engine/remote-device.js';
import { contents, methodNames, momentumOf, openMethod, openSmall, reports } from '../support/solvers/runs.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const near = Device.cpu({ threads: 1 });
const memory = new RemoteMemory();
const far = remoteDevice(memory);
test.after.always(() => {
  near.dispose();
  far.dispose();
});

type Solver = Pick<MethodSolver, 'init' | 'step' | 'run' | 'serialize' | 'dispose'>;

/** Reports, state and failure of iterations, the last of which may fail. */
async function course(open: (resources: SolverResources) => Solver, device: Device, iterations: number) {
  const solver = open({ device });
  const state = solver.init();
  const made: object[] = [];
  const failure = await (async () => {
    for (let index = 0; index < iterations; index++) made.push(...(await reports(solver, state, 1)));
  })().catch((error: Error & { details?: object }) => ({ message: error.message, details: error.details }));
  const result = { made, failure, contents: contents(solver as MethodSolver, state) };
  solver.dispose();
  return result;
}

async function isSame(t: ExecutionContext, open: (resources: SolverResources) => unknown, iterations = 5) {
  const expected = await course(open as never, near, iterations);
  t.deepEqual(await course(open as never, far, iterations), expected);
  return expected;
}

for (const name of methodNames) {
  test.serial(`${name}: computes the same bits where the device has a memory of its own`, async (t) => {
    const { made } = await isSame(t, (resources) => openSmall(name, resources));
    t.is(made.length, 5);
    t.is(memory.held, 0, 'all is let go');
  });

  test.serial(`${name}: explains there what is not finite, and puts the state back`, async (t) => {
    const rates = { upperLearningRate: 3e38, lowerLearningRate: 3e38 };
    const { failure } = await isSame(t, (resources) => openSmall(name, resources, rates), 20);
    t.truthy(failure);
  });

  test.serial(`${name}: is put back there when it is stopped`, async (t) => {
    using solver = openSmall(name, { device: far });
    const state = solver.init();
    await reports(solver, state, 1);
    const before = contents(solver, state);
    await t.throwsAsync(solver.step(state, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
    t.deepEqual(contents(solver, state), before);
  });

  if ('warmStart' in methods[name].options) {
    test.serial(`${name}: v starts anew there`, async (t) => {
      const options = { warmStart: false, lowerOptimizer: momentumOf(methods[name].options.lowerOptimizer) };
      await isSame(t, (resources) => openSmall(name, resources, options));
    });
  }
}

test.serial('gamma grows, multipliers move and constraints are reported', async (t) => {
  const constrained = bilevelProblem({
    upper: { u: Tensor.from([0.1, -0.2]) },
    lower: { v: Tensor.from([0.3, 0]) },
    f: ({ u, v }) => add(reduceSum(square(sub(u.u, 1))), reduceSum(square(sub(v.v, 2)))),
    g: ({ u, v }) => mul(0.5, reduceSum(square(sub(v.v, u.u)))),
    inequalities: {
      upper: ({ u }) => ({ budget: sub(reduceSum(u.u), 1) }),
      lower: ({ v }) => ({ cap: sub(reduceSum(v.v), 1) }),
    },
  });
  const options = { lowerSteps: 3, epsilon: 100, multipliers: true, growth: 'untilTestFails', growthLimit: 7 } as const;
  const { made } = await isSame(t, (resources) => penalty(constrained, options, resources));
  const { constraints, growths } = made.at(-1) as Awaited<ReturnType<ReturnType<typeof penalty>['step']>>;
  t.true(growths > 0);
  t.deepEqual(
    Object.values(constraints).map(({ multipliers }) => multipliers.length),
    [1, 1],
  );
});

test.serial('elements at the ends of a box are counted', async (t) => {
  const boxed = bilevelProblem({
    upper: { u: Tensor.from([0.5, 3]) },
    lower: { v: Tensor.from([0, 0]) },
    f: ({ u, v }) => add(reduceSum(square(u.u)), reduceSum(square(v.v))),
    g: ({ u, v }) => reduceSum(square(sub(u.u, v.v))),
    sets: { lower: { v: box(-1, 1) } },
  });
  const { made } = await isSame(t, (resources) =>
    aidCg(boxed, { linearSteps: 2, lowerLearningRate: 0.4, upperLearningRate: 1e-3 }, resources),
  );
  t.is((made.at(-1) as { lowerAtEnds?: number }).lowerAtEnds, 1);
});

test.serial('one level alone is trained, and its failure explained', async (t) => {
  const problem = minimizationProblem({ lower: { v: Tensor.from([9]) }, g: ({ v }) => reduceSum(square(sub(v.v, 1))) });
  await isSame(t, (resources) => minimize(problem, { steps: 3 }, resources));
  // The first step ends at minus infinity, which no output of it shows.
  const failing = { steps: 2, optimizer: 'sgd', learningRate: 3e38 } as const;
  t.truthy((await isSame(t, (resources) => minimize(problem, failing, resources))).failure);
});

test.serial('solvers share what is fixed, and take turns on a state', async (t) => {
  const turns = async (device: Device) => {
    const problem = smallProblem({ batch: 8 });
    using first = gd(problem, {}, { device });
    using second = gd(problem, {}, { device });
    const state = first.init();
    await first.step(state);
    await second.step(state);
    // What the host writes between iterations counts.
    state.v.bias?.data.fill(2 as never);
    await first.step(state);
    return contents(first, state);
  };
  t.deepEqual(await turns(far), await turns(near));
  t.is(memory.held, 0);
});

test.serial('variables adapt, batch by batch', async (t) => {
  const problem = smallProblem();
  const u = Object.fromEntries(problem.upper.map(({ name, initial }) => [name, initial]));
  const on = (device: Device) => adapt(problem, u, { steps: 3, optimizer: 'adam', batches: 3, device });
  t.deepEqual(await on(far), await on(near));
  t.is(memory.held, 0, 'all is let go');
});

test.serial('trials side by side', async (t) => {
  const trials = 3;
  const problem = bilevelProblem({
    trials,
    upper: { u: Tensor.from([0.1, 0.2, 0.3], [trials, 1]) },
    lower: { v: Tensor.zeros([trials, 1]) },
    f: ({ u, v }) => reduceSum(add(square(u.u), square(v.v)), [1]),
    g: ({ u, v }) => reduceSum(square(sub(sub(1, u.u), v.v)), [1]),
  });
  const options = { lowerSteps: 3, epsilon: 0.5, growth: 'oncePerTest' };
  await isSame(t, (resources) => openMethod('penalty', problem, options, resources));
});

test('the memory apart tells who reads or writes behind its back', async (t) => {
  const apart = new RemoteMemory();
  using device = remoteDevice(apart);
  const x = input('x', [2]);
  using program = device.load(compile({ updates: [[x, add(x, 1)]], outputs: { sum: reduceSum(x) } }));
  const [tensor, sum] = [Tensor.from([1, 2]), Tensor.scalar(0)];
  const kept = apart.keep([tensor]);
  t.deepEqual(tensor.toArray(), [Number.NaN, Number.NaN], 'read without asking');
  tensor.data.fill(7);
  await program.run({ x: tensor, sum });
  t.is(sum.item(), 3, 'what the host has written is lost');
  t.deepEqual(tensor.toArray(), [Number.NaN, Number.NaN]);
  await apart.pull([tensor]);
  t.deepEqual(tensor.toArray(), [2, 3]);
  t.throws(() => apart.keep([tensor]), { message: /kept tensor cannot be kept/ });
  kept[Symbol.dispose]();
  await program.run({ x: tensor, sum });
  t.deepEqual(tensor.toArray(), [3, 4], 'the host has it again');
  const fixed = apart.fix([tensor]);
  await program.run({ x: tensor, sum });
  t.throws(() => fixed[Symbol.dispose](), { message: /fixed tensor was written/ });
});
