import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import test from 'ava';
import { writeSafetensors } from '../../lib/data/safetensors.js';
import { methods, type PenaltyOptions, penalty, readState, writeState } from '../../lib/solvers/index.js';
import { SolverState } from '../../lib/solvers/state.js';
import { Tensor } from '../../lib/tensor.js';
import { isEmulated, testDevice } from '../support/devices.js';
import { contents, reports } from '../support/solvers/runs.js';
import { smallProblem } from '../support/solvers/small-problem.js';

const device = testDevice();
test.after.always(() => device.dispose());

const options = {
  variant: 'authors',
  lowerSteps: 4,
  nu: 1e-3,
  epsilon: 0.5,
  upperLearningRate: 0.3,
  lowerLearningRate: 0.05,
} as const satisfies PenaltyOptions;
const open = (given: PenaltyOptions = {}) =>
  penalty(smallProblem({ batch: 8, dropoutRatio: 0.2 }), { ...options, ...given }, { device });

async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-state-'));
  try {
    await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('two runs from one seed are the same bit for bit', async (t) => {
  using first = open();
  using second = open();
  const [a, b] = [first.init(), second.init()];
  t.deepEqual(await reports(first, a, 8), await reports(second, b, 8));
  t.deepEqual(contents(first, a), contents(second, b));
});

test('a run saved to a file and resumed by a new solver ends as the uninterrupted one, bit for bit', async (t) => {
  await inFolder(async (folder) => {
    const path = join(folder, 'state.safetensors');
    using whole = open();
    const uninterrupted = whole.init();
    const expected = await reports(whole, uninterrupted, 9);
    t.true(expected.some(({ passed }) => passed) && expected.some(({ passed }) => !passed));

    const seen: unknown[] = [];
    {
      using first = open();
      const state = first.init();
      seen.push(...(await reports(first, state, 4)));
      await writeState(path, first.serialize(state));
    }
    using second = open();
    const state = second.restore(await readState(path));
    seen.push(...(await reports(second, state, 5)));
    t.deepEqual(seen, expected);
    t.deepEqual(contents(second, state), contents(whole, uninterrupted));
  });
});

test('a state of another configuration is refused, naming what differs', async (t) => {
  using solver = open();
  const saved = solver.serialize(solver.init());
  const refused = (given: PenaltyOptions, message: RegExp, problem = smallProblem()) => {
    using other = penalty(problem, { ...options, ...given }, { device });
    t.throws(() => other.restore(saved), { code: 'STATE_MISMATCH', message });
  };
  refused({ gamma: 0.5 }, /the option gamma is 0\.01 there but 0\.5 here/);
  refused({ lowerLearningRate: 0.06 }, /the option lowerLearningRate is "constant\(0\.05\)" there/);
  refused(
    {},
    /the feed train is "8 of 24 rows, seed 0" there but "8 of 32 rows, seed 0"/,
    smallProblem({ samples: 32, batch: 8 }),
  );
  refused({}, /the seed is 0 there but 1 here/, smallProblem({ batch: 8, seed: 1 }));
});

test('a damaged state is refused, naming the part', async (t) => {
  using solver = open();
  const { tensors, values } = solver.serialize(solver.init());
  const parts = values as Record<string, Record<string, unknown>>;
  const broken: readonly [Parameters<typeof solver.restore>[0], RegExp][] = [
    [{ tensors, values: null }, /lacks its configuration/],
    [{ tensors, values: { ...parts, counters: 3 } }, /lacks its counters/],
    [{ tensors, values: { ...parts, counters: { ...parts.counters, 'steps.v': -1 } } }, /counter steps\.v is -1/],
    [{ tensors, values: { ...parts, samplers: {} } }, /no sampler of the feed train/],
    [{ tensors: new Map([...tensors].slice(1)), values }, /holds no tensor nu\/weight/],
    [
      { tensors: new Map([...tensors, ['v/bias', Tensor.zeros([4])]]), values },
      /tensor v\/bias is float32\[4\]; float32\[3\] is needed/,
    ],
  ];
  for (const [saved, message] of broken) {
    t.throws(() => solver.restore(saved), { code: 'STATE_MISMATCH', message });
  }
});

test('a file that is no state, or is cut off, is refused', async (t) => {
  await inFolder(async (folder) => {
    const path = join(folder, 'state.safetensors');
    await t.throwsAsync(readState(path), { code: 'NOT_FOUND' });
    await writeSafetensors(path, new Map([['x', Tensor.zeros([2])]]));
    await t.throwsAsync(readState(path), { code: 'INVALID_FILE', message: /holds no solver state/ });
    using solver = open();
    await writeState(path, solver.serialize(solver.init()));
    await writeFile(path, (await readFile(path)).subarray(0, -10));
    await t.throwsAsync(readState(path), { code: 'INVALID_FILE' });
  });
});

test('an aborted iteration leaves the state as it was, and going on changes nothing of the outcome', async (t) => {
  // So many that they take longer than it is until the abort.
  const given = { lowerSteps: isEmulated(device) ? 200 : 20_000 };
  using whole = open(given);
  const uninterrupted = whole.init();
  const expected = await reports(whole, uninterrupted, 2);

  using solver = open(given);
  const state = solver.init();
  const seen: unknown[] = await reports(solver, state, 1);
  const before = contents(solver, state);
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 5);
  const error = await t.throwsAsync(solver.step(state, { signal: controller.signal }), { code: 'ABORTED' });
  t.like(error?.cause, { message: 'enough' });
  t.deepEqual(contents(solver, state), before);
  seen.push(...(await reports(solver, state, 1)));
  t.deepEqual(seen, expected);
  t.deepEqual(contents(solver, state), contents(whole, uninterrupted));
});

test('a signal that was aborted before stops the run at once', async (t) => {
  using solver = open();
  const state = solver.init();
  const before = contents(solver, state);
  await t.throwsAsync(solver.run({ state, signal: AbortSignal.abort() }).next(), { code: 'ABORTED' });
  t.deepEqual(contents(solver, state), before);
});

test('a value that is not finite stops the run, naming step and quantity, with v as before the iteration', async (t) => {
  using solver = open({ lowerOptimizer: 'momentum', lowerLearningRate: 3e38, lowerSteps: 20 });
  const state = solver.init();
  const before = contents(solver, state);
  await t.throwsAsync(solver.step(state), {
    code: 'NON_FINITE',
    message: /^[fg] became (NaN|Infinity) in step \d+ of the phase lower in iteration 1 of the penalty method/,
  });
  t.deepEqual(contents(solver, state), before);
});

test('two iterations of one solver at a time are refused', async (t) => {
  using solver = open();
  const state = solver.init();
  const first = solver.step(state);
  await t.throwsAsync(solver.step(state), { code: 'TENSOR_IN_USE' });
  t.is((await first).iteration, 1);
});

test('a disposed solver says so', async (t) => {
  const solver = open();
  const state = solver.init();
  solver.dispose();
  await t.throwsAsync(solver.step(state), { code: 'DISPOSED' });
  t.notThrows(() => solver.dispose());
});

test('a number of iterations that is none is refused', async (t) => {
  using solver = open();
  for (const iterations of [-1, 1.5, Number.NaN]) {
    await t.throwsAsync(solver.run({ iterations }).next(), { code: 'INVALID_ARGUMENT', message: /iterations/ });
  }
});

test('a state of another problem or method is refused by name, and the solver goes on with its own', async (t) => {
  using solver = open();
  using other = methods.aidCg(smallProblem({ batch: 8 }), {}, { device });
  await t.throwsAsync(solver.step(other.init() as never), { code: 'STATE_MISMATCH', message: /holds no tensor/ });
  await t.throwsAsync(solver.step(new SolverState({}, {}, { iteration: 0 }) as never), { code: 'STATE_MISMATCH' });
  t.is((await reports(solver, solver.init(), 1)).length, 1);
});

test('the event loop has a turn for every tensor of a state that is read', (t) =>
  inFolder(async (folder) => {
    using solver = open();
    const state = solver.init();
    const path = join(folder, 'state.safetensors');
    await writeState(path, solver.serialize(state));
    let turns = 0;
    let read = false;
    const turning = (async () => {
      while (!read) {
        await setImmediate();
        turns++;
      }
    })();
    await readState(path);
    read = true;
    await turning;
    t.true(turns >= 2 * Object.keys(state.tensors).length, `${turns} turns`);
  }));
