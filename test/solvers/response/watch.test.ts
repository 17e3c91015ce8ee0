import test from 'ava';
import { bilevelProblem, feed, perSample } from '../../../lib/bilevel/index.js';
import { hostMemory } from '../../../lib/engine/memory.js';
import { add, mean, mul, reduceSum, square, sub } from '../../../lib/graph/index.js';
import { evaluate, gd, type MethodReport, minimize, penalty, respond } from '../../../lib/solvers/index.js';
import { Tensor } from '../../../lib/tensor.js';
import { testDevice } from '../../support/devices.js';
import { remoteDevice } from '../../support/engine/remote-device.js';
import { contents, methodNames, openSmall, reports, smallFor } from '../../support/solvers/runs.js';

const device = testDevice();
test.after.always(() => device.dispose());

const response = { tolerance: 1e-2, maxSteps: 15 };

/** Without the time that the response took. */
const timeless = (all: readonly object[]): unknown[] =>
  all.map((report) => {
    const { response, ...others } = report as MethodReport;
    if (response === undefined) return others;
    const { wallMs: _, ...rest } = response;
    return { ...others, response: rest };
  });

const copyOf = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tensor.clone()]));

for (const name of methodNames) {
  test(`${name}: the response to u is told as often as asked for, and changes nothing else`, async (t) => {
    using plain = openSmall(name, { device });
    const alone = plain.init();
    const expected = await reports(plain, alone, 4);
    using solver = openSmall(name, { device, evaluateEvery: 2, response });
    const state = solver.init();
    const found = (await reports(solver, state, 4)) as MethodReport[];
    t.deepEqual(
      found.map(({ response }) => response !== undefined),
      [false, true, false, true],
    );
    t.deepEqual(
      found.map(({ response: _, ...others }) => others),
      expected,
    );
    t.deepEqual(contents(solver, state), contents(plain, alone));
    const problem = smallFor(name);
    const { v, ...search } = await respond(problem, state.u, { device, ...response });
    const { f } = await evaluate(problem, { u: state.u, v }, { device });
    const { f: told, wallMs: _, ...others } = found[3]?.response ?? {};
    t.deepEqual(others, search);
    t.true(Math.abs((told ?? Number.NaN) - f) <= 1e-6 * Math.abs(f));
  });

  test(`${name}: a run that keeps the best ends with it, and goes on from its last point after an interruption`, async (t) => {
    const watch = { device, evaluateEvery: 1, patience: 3, response };
    const problem = smallFor(name);
    using whole = openSmall(name, watch);
    const uninterrupted = whole.init();
    const start = await respond(problem, whole.init().u, { device, ...response });
    const { f: first } = await evaluate(problem, { u: whole.init().u, v: start.v }, { device });
    const expected = (await reports(whole, uninterrupted, 6)) as MethodReport[];
    const { v } = await respond(problem, uninterrupted.u, { device, ...response });
    const { f } = await evaluate(problem, { u: uninterrupted.u, v }, { device });
    const best = Math.min(first, ...expected.map(({ response }) => response?.f ?? Number.NaN));
    t.true(Math.abs(f - best) <= 1e-6 * Math.abs(best), `${f}, not ${best}`);
    t.true(expected.length <= 6);

    using one = openSmall(name, watch);
    const begun = one.init();
    const seen = await reports(one, begun, 2);
    const { tensors, values } = one.serialize(begun);
    using other = openSmall(name, watch);
    const resumed = other.restore({
      tensors: new Map([...tensors].map(([key, each]) => [key, each.clone()])),
      values: structuredClone(values),
    });
    seen.push(...(await reports(other, resumed, 4)));
    t.deepEqual(timeless(seen), timeless(expected));
    t.deepEqual(contents(other, resumed), contents(whole, uninterrupted));
  });
}

/** f(u, v*) = (u - 1)^2, since v* = u. */
const parabola = bilevelProblem({
  upper: { x: Tensor.from([0]) },
  lower: { x: Tensor.from([0]) },
  f: ({ u, v }) => reduceSum(square(sub(mul(0.5, add(u.x, v.x)), 1))),
  g: ({ u, v }) => reduceSum(square(sub(v.x, u.x))),
});

test('a run ends when no response has been better for so long, with the best point', async (t) => {
  const options = { upperLearningRate: 0.3, upperOptimizer: 'sgd', lowerLearningRate: 1e-6, lowerSteps: 1 } as const;
  // v rests at 0, so that u goes past 1, where f(u, v*) is least, to 2, where f(u, 0) is.
  using solver = gd(parabola, options, { device, evaluateEvery: 2, patience: 2 });
  const state = solver.init();
  const all = (await reports(solver, state, 1000)) as MethodReport[];
  const judged = all.flatMap(({ response, iteration }) => (response ? [{ iteration, f: response.f }] : []));
  const least = judged.reduce((a, b) => (b.f < a.f ? b : a));
  t.is(all.length, least.iteration + 4);
  t.is(state.counters['best.iteration'], least.iteration);
  t.true(Math.abs(((state.u.x?.item() ?? Number.NaN) - 1) ** 2 - least.f) < 1e-5);

  t.deepEqual(await reports(solver, state, 10), [], 'it has ended');
  const { iteration } = await solver.step(state);
  t.is(iteration, all.length + 1);
  t.true((state.u.x?.item() ?? 0) > 1.3, 'going on goes on from the last point');
});

test('a run that is left keeps the best, and one that fails leaves the state as before its iteration', async (t) => {
  const options = { upperLearningRate: 0.3, upperOptimizer: 'sgd', lowerLearningRate: 1e-6, lowerSteps: 1 } as const;
  using solver = gd(parabola, options, { device, evaluateEvery: 1, patience: 50 });
  const state = solver.init();
  for await (const { iteration } of solver.run({ state })) if (iteration === 12) break;
  t.true(Math.abs((state.u.x?.item() ?? Number.NaN) - 1) < 0.2);
  t.is(state.counters.iteration, 12);

  const before = copyOf(state.tensors);
  await t.throwsAsync(solver.step(state, { signal: AbortSignal.abort() }), { code: 'ABORTED' });
  t.deepEqual(Object.keys(state.tensors), Object.keys(before));
  t.true((await solver.step(state)).iteration === 13);
});

for (const rows of [false, true]) {
  const what = rows ? 'not be undone stands, and its point is judged before the next' : 'be undone has not been made';
  test(`where the response is stopped, an iteration that can ${what}`, async (t) => {
    const controller = new AbortController();
    let searches = 0;
    // A search begins by taking over the pairs of steps and gradients that it remembers; the second follows the first
    // iteration.
    const keep = (tensors: Iterable<Tensor>) => {
      if ([...tensors].some(({ shape: [pairs] }) => pairs === 10) && ++searches === 2) controller.abort();
      return hostMemory.keep([]);
    };
    using own = remoteDevice({ ...hostMemory, keep });
    const weights = Tensor.from([1, 1, 1, 1]);
    const problem = bilevelProblem({
      upper: { weight: rows ? perSample(weights, 'train') : weights },
      lower: { x: Tensor.from([0]) },
      feeds: { train: feed({ y: Tensor.from([1, 2, 3, 4]) }, { batch: 2 }) },
      f: ({ u, v }) => add(reduceSum(square(v.x)), reduceSum(square(u.weight))),
      g: ({ u, v, train }) => mul(reduceSum(square(u.weight)), mean(square(sub(train.y, v.x)))),
    });
    using solver = gd(problem, {}, { device: own, evaluateEvery: 1, patience: 5 });
    const state = solver.init();
    const start = state.u.weight?.toArray();
    const { signal } = controller;
    if (rows) {
      const { response, iteration } = await solver.step(state, { signal });
      t.deepEqual([response, iteration, state.counters['best.judged']], [undefined, 1, 1]);
      t.not((await solver.step(state)).response, undefined);
      t.deepEqual([searches, state.counters['best.judged']], [4, 3]);
    } else {
      await t.throwsAsync(solver.step(state, { signal }), { code: 'ABORTED' });
      t.deepEqual([searches, state.counters.iteration, state.counters['best.judged']], [2, 0, 1]);
      t.deepEqual(state.u.weight?.toArray(), start);
      t.is((await solver.step(state)).iteration, 1);
    }
  });
}

test('what is asked for is checked', (t) => {
  const open = (given: object) => () => penalty(smallFor('penalty'), {}, { device, ...given });
  t.throws(open({ evaluateEvery: 0 }), { code: 'INVALID_ARGUMENT', message: /evaluateEvery/ });
  t.throws(open({ patience: 3 }), { code: 'INVALID_ARGUMENT', message: /evaluateEvery/ });
  t.throws(open({ response: {} }), { code: 'INVALID_ARGUMENT', message: /evaluateEvery/ });
  t.throws(open({ evaluateEvery: 1, patience: -1 }), { code: 'INVALID_ARGUMENT', message: /patience/ });
  t.throws(open({ evaluateEvery: 1, response: { tolerence: 1 } }), {
    code: 'UNKNOWN_OPTION',
    message: /Did you mean tolerance/,
  });
  t.throws(open({ evaluateEvery: 1, response: { batches: 0.5 } }), { code: 'INVALID_ARGUMENT', message: /batches/ });
  t.throws(() => minimize({} as never, {}, { evaluateEvery: 1 } as never), { code: 'INVALID_ARGUMENT' });
});

test('what belongs to the making of a solver is told its place, among options and in a run', async (t) => {
  const place = /evaluateEvery.*after the options: method\(problem, options, \{ evaluateEvery \}\)/;
  t.throws(() => penalty(smallFor('penalty'), { evaluateEvery: 1 } as never), {
    code: 'UNKNOWN_OPTION',
    message: place,
  });
  using solver = penalty(smallFor('penalty'), {}, { device });
  await t.throwsAsync(solver.run({ evaluateEvery: 1 } as never).next(), { code: 'UNKNOWN_OPTION', message: place });
});
