import test from 'ava';
import { bilevelProblem, minimizationProblem } from '../../lib/bilevel/index.js';
import { mul, reduceSum, square, sub } from '../../lib/graph/index.js';
import { parseSchedule, plateau } from '../../lib/schedules/index.js';
import { methods, minimize, penalty, type StandardReport } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { contents } from '../support/solvers/runs.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

/** f(u, v*) = (u - 1)^2, from u = 0. */
const line = () =>
  bilevelProblem({
    upper: { u: Tensor.from([0]) },
    lower: { v: Tensor.from([0]) },
    f: ({ v }) => reduceSum(square(sub(v.v, 1))),
    g: ({ u, v }) => mul(0.5, reduceSum(square(sub(v.v, u.u)))),
  });
const exact = { lowerSteps: 1, lowerLearningRate: 1, warmStart: false } as const;

test('a rate follows f(u, v*): it falls after so many responses that are no lower, and a resumed run has it too', async (t) => {
  // The derivative of f is 2 (u - 1): with a rate of 1, u jumps between 0 and 2, where f is 1.
  const options = { ...exact, upperLearningRate: plateau(1, 0.25, 2) };
  using solver = methods.itd(line(), options, { device, evaluateEvery: 1 });
  const state = solver.init();
  const seen: number[] = [];
  let copy = state;
  for (let made = 0; made < 5; made++) {
    await solver.step(state);
    seen.push(state.u.u.item());
    if (made === 0) copy = solver.copy(state);
  }
  // f is 1 at the start, after the first step and after the second: then the rate is 1/4 and u halves its distance.
  t.deepEqual(seen, [2, 0, 0.5, 0.75, 0.875]);
  for (let made = 1; made < 5; made++) await solver.step(copy);
  t.deepEqual(contents(solver, copy), contents(solver, state));
  t.is(state.counters['plateau(0.25, 2, response).reductions'], 1);
});

test('a rate follows a number of the reports', async (t) => {
  const options = { ...exact, upperLearningRate: plateau(1, 0.25, 1, 'f') };
  using solver = methods.itd(line(), options, { device });
  const state = solver.init();
  const seen: number[] = [];
  for (let made = 0; made < 4; made++) {
    await solver.step(state);
    seen.push(state.u.u.item());
  }
  // f of an iteration is that of the u that it starts with: 1 three times, after two of which the rate falls.
  t.deepEqual(seen, [2, 0, 0.5, 0.5625]);
});

test('minimize lowers its rate where g no longer falls', async (t) => {
  const problem = minimizationProblem({ lower: { v: Tensor.from([3]) }, g: ({ v }) => reduceSum(square(v.v)) });
  const options = { optimizer: 'sgd', steps: 1, learningRate: plateau(1, 0.5, 2, 'g') } as const;
  using solver = minimize(problem, options, { device });
  const state = solver.init();
  const seen: number[] = [];
  for (let made = 0; made < 4; made++) {
    await solver.step(state);
    seen.push(state.v.v?.item() ?? Number.NaN);
  }
  t.deepEqual(seen, [-3, 3, -3, 0]);
});

test('all methods with a rate of their own for it take a plateau for it', async (t) => {
  const given = { upperLearningRate: plateau(0.01, 0.5, 1, 'g'), lowerLearningRate: plateau(0.01, 0.5, 1, 'f') };
  for (const name of ['penalty', 'bda', 'aidFp', 'gPbgd', 'soba', 'f2sa'] as const) {
    using solver = methods[name](line(), given, { device });
    const state = solver.init();
    for (let made = 0; made < 3; made++) await solver.step(state);
    const copy = solver.restore(solver.serialize(state));
    await solver.step(state);
    await solver.step(copy);
    t.deepEqual(contents(solver, copy), contents(solver, state), name);
  }
});

test('what a plateau cannot follow, and options that cannot, are refused', (t) => {
  const refused = (options: object, message: RegExp, resources: object = {}) =>
    void t.throws(() => methods.itd(line(), options, { device, ...resources }), { code: 'INVALID_ARGUMENT', message });
  refused(
    { upperLearningRate: plateau(1, 0.5, 2) },
    /one of f, g, .* \(response needs evaluateEvery\) for of of the schedule/,
  );
  t.throws(() => methods.vPbgd(line(), { gamma: plateau(1, 0.5, 2, 'f') }, { device }), {
    message: /a schedule of the iteration alone for gamma/,
  });
  t.throws(() => plateau(1, 2, 2), { message: /a number > 0 and < 1 for factor of the schedule plateau/ });
  t.throws(() => plateau(1, 0.5, 0), { message: /patience of the schedule plateau/ });
  t.throws(() => plateau(1, 0.5, 1, 'loss' as never), { message: /one of response, f, .* but received "loss"/ });
  t.deepEqual(parseSchedule('plateau(1, 0.5, 3, g)', 'x').plateau, { factor: 0.5, patience: 3, of: 'g' });
  t.is(parseSchedule('plateau(1, 0.5, 3)', 'x').plateau?.of, 'response');
  t.throws(() => parseSchedule('plateau(1, 0.5, 3, loss)', 'x'), { code: 'INVALID_ARGUMENT' });
});

test('a function of the iteration is a schedule, and another function is another configuration', async (t) => {
  const open = (upperLearningRate: (iteration: number) => number) =>
    methods.itd(line(), { ...exact, upperLearningRate }, { device });
  using solver = open((iteration) => (iteration === 0 ? 0.25 : 0.5));
  const state = solver.init();
  await solver.step(state);
  t.is(state.u.u.item(), 0.5);
  await solver.step(state);
  t.is(state.u.u.item(), 1);
  using same = open((iteration) => (iteration === 0 ? 0.25 : 0.5));
  t.notThrows(() => same.restore(solver.serialize(state)));
  using other = open(() => 0.25);
  t.throws(() => other.restore(solver.serialize(state)), { code: 'STATE_MISMATCH' });
  t.throws(() => open(() => -1), { code: 'INVALID_ARGUMENT', message: /option upperLearningRate of itd/ });
  using late = open((iteration) => (iteration === 0 ? 1 : Number.NaN));
  const its = late.init();
  await late.step(its);
  await t.throwsAsync(late.step(its), { message: /a finite number for what a schedule's function returns for step 1/ });
});

test('a copy of a state and the state go on with the same bits, and apart', async (t) => {
  using solver = penalty(
    smallProblem({ batch: 8, dropoutRatio: 0.2 }),
    { lowerSteps: 3 },
    { device, evaluateEvery: 2, patience: 9 },
  );
  const state = solver.init();
  for (let made = 0; made < 3; made++) await solver.step(state);
  const copy = solver.copy(state);
  const kept = contents(solver, copy);
  for (let made = 0; made < 3; made++) await solver.step(state);
  t.deepEqual(contents(solver, copy), kept);
  for (let made = 0; made < 3; made++) await solver.step(copy);
  t.deepEqual(contents(solver, copy), contents(solver, state));
  t.throws(() => solver.copy({} as never), { code: 'INVALID_ARGUMENT' });
});

test('onReport is called with every report and the state, before the report is yielded, and its error ends the run', async (t) => {
  using solver = methods.itd(line(), exact, { device });
  const state = solver.init();
  const order: string[] = [];
  const onReport = async ({ iteration }: StandardReport, given: unknown): Promise<void> => {
    await Promise.resolve();
    t.is(given, state);
    order.push(`called ${iteration}`);
    if (iteration === 3) throw new Error('enough');
  };
  await t.throwsAsync(
    async () => {
      for await (const { iteration } of solver.run({ state, iterations: 5, onReport }))
        order.push(`yielded ${iteration}`);
    },
    { message: 'enough' },
  );
  t.deepEqual(order, ['called 1', 'yielded 1', 'called 2', 'yielded 2', 'called 3']);
  t.is(state.counters.iteration, 3);
  await t.throwsAsync(solver.run({ onReport: 3 as never }).next(), {
    message: /a function for onReport but received 3/,
  });
});
