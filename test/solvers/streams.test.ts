import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test from 'ava';
import {
  bilevelProblem,
  feed,
  type LowerPoint,
  minimizationProblem,
  perSample,
  type StreamFeed,
} from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import { mean, type Node, reduceSum, square, sub } from '../../lib/graph/index.js';
import { minimize, mrbo, penalty, saba, srba } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice({ threads: 2 });
test.after(() => device.dispose());

const [rows, width, count] = [6, 4, 200];
const types = { x: { shape: [rows, width] } } as const;
const random = Random.fromSeed(1, 'streams');
/** All that a stream gives, row by row. */
const data = Float32Array.from({ length: count * rows * width }, () => random.normal());
const batchOf = (number: number): { x: Tensor } => {
  const first = (number % count) * rows * width;
  return { x: Tensor.from(data.slice(first, first + rows * width), [rows, width]) };
};

async function* generate(start: number): AsyncGenerator<{ x: Tensor }> {
  for (let number = start; ; number++) {
    await setImmediate();
    yield batchOf(number);
  }
}

/** v is drawn to the mean of the rows of a mini-batch. */
const meanOf = (train: StreamFeed<'x'>) =>
  bilevelProblem({
    upper: { shift: Tensor.zeros([width]) },
    lower: { centre: Tensor.zeros([width]) },
    feeds: { train },
    f: ({ v }) => reduceSum(square(sub(v.centre, 1))),
    g: ({ u, v, train: { x } }) => mean(square(sub(sub(x, v.centre), u.shift))),
  });
const options = { variant: 'paper', lowerSteps: 3, lowerOptimizer: 'sgd', lowerLearningRate: 0.1 } as const;

/** The same rows, in memory, in the same order. */
const resident = feed(
  { x: Tensor.from(data, [count * rows, width]) },
  {
    batch: rows,
    sampler: {
      description: 'in order',
      start({ batch }) {
        let next = 0;
        return {
          next: () => Array.from({ length: batch }, () => next++),
          get state() {
            return next;
          },
          restore(state) {
            next = Number(state);
          },
        };
      },
    },
  },
);

for (const [name, solve] of Object.entries({
  'one batch an iteration': (train: StreamFeed<'x'>) => penalty(meanOf(train), options, { device }),
  'a batch for every step': (train: StreamFeed<'x'>) => mrbo(meanOf(train), {}, { device }),
})) {
  test(`${name}: a stream gives what the same rows in memory give, bit for bit, also resumed`, async (t) => {
    const run = async (solver: ReturnType<typeof solve>, state: ReturnType<typeof solver.init>, iterations: number) => {
      const reports: unknown[] = [];
      for await (const { wallMs, ...report } of solver.run({ state, iterations })) reports.push(report);
      return reports;
    };
    using memory = solve(resident as never);
    const expected = await run(memory, memory.init(), 8);
    using whole = solve(feed(generate, { types }));
    t.deepEqual(await run(whole, whole.init(), 8), expected);
    using first = solve(feed(generate, { types, ahead: 3 }));
    const state = first.init();
    const reports = await run(first, state, 3);
    using second = solve(feed(generate, { types }));
    const saved = first.serialize(state);
    reports.push(
      ...(await run(second, second.restore({ ...saved, values: JSON.parse(JSON.stringify(saved.values)) }), 5)),
    );
    t.deepEqual(reports, expected);
  });
}

test('several steps of a minimization take a batch each', async (t) => {
  const g = ({ v, train }: LowerPoint<{ centre: Tensor }, { train: StreamFeed<'x'> }>): Node =>
    mean(square(sub(train.x, v.centre)));
  const lower = { centre: Tensor.zeros([width]) };
  const settings = { steps: 5, learningRate: 0.1 };
  const report = async (train: StreamFeed<'x'>) => {
    using solver = minimize(minimizationProblem({ lower, feeds: { train }, g }), settings, { device });
    const state = solver.init();
    await solver.step(state);
    return { ...(await solver.step(state)), wallMs: 0, taken: state.samplers.train?.state };
  };
  const streamed = await report(feed(generate, { types }));
  t.deepEqual(streamed.taken, { taken: 10 });
  t.deepEqual({ ...streamed, taken: 60 }, (await report(resident as never)) as never);
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

test('of the batches only those ahead stay in memory', async (t) => {
  const ahead = 2;
  const given: WeakRef<Tensor>[] = [];
  const train = feed(
    async function* (start: number) {
      for await (const batch of generate(start)) {
        given.push(new WeakRef(batch.x));
        yield batch;
      }
    },
    { types, ahead },
  );
  using solver = penalty(meanOf(train), options, { device });
  const state = solver.init();
  for (let iteration = 0; iteration < 40; iteration++) {
    await solver.step(state);
    t.true(given.length <= iteration + 1 + ahead, `${given.length} batches were read for ${iteration + 1} iterations`);
  }
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  collect();
  const alive = given.filter((each) => each.deref() !== undefined).length;
  t.true(given.length === 40 + ahead && alive <= ahead + 1, `${alive} of ${given.length} batches are alive`);
});

test('the iterator of a state that nobody has any more is closed, those of others are not', async (t) => {
  const closed: number[] = [];
  let opened = 0;
  const train = feed(
    async function* (start: number) {
      const number = opened++;
      try {
        yield* generate(start);
      } finally {
        closed.push(number);
      }
    },
    { types },
  );
  using solver = penalty(meanOf(train), options, { device });
  const kept = solver.init();
  await solver.step(kept);
  const make = async (): Promise<void> => {
    for (let state = 0; state < 5; state++) await solver.step(solver.init());
  };
  await make();
  for (let turn = 0; turn < 200 && closed.length < 5; turn++) {
    collect();
    await setImmediate();
  }
  t.deepEqual(closed.toSorted(), [1, 2, 3, 4, 5]);
  await solver.step(kept);
  t.is(opened, 6, 'the state that is kept goes on with its iterator');
  solver.dispose();
  for (let turn = 0; turn < 20; turn++) await setImmediate();
  t.deepEqual(closed.toSorted(), [0, 1, 2, 3, 4, 5]);
});

test('a batch that does not fit is refused, and the iteration can be made again', async (t) => {
  const bad: { now: unknown } = { now: undefined };
  const train = feed(
    function* (start: number) {
      for (let number = start; ; number++) yield (bad.now ?? batchOf(number)) as { x: Tensor };
    },
    { types, ahead: 0 },
  );
  using solver = penalty(meanOf(train), options, { device });
  const state = solver.init();
  await solver.step(state);
  const x = Tensor.zeros([rows, width]);
  const notFinite = x.clone();
  notFinite.data[5] = Number.NaN;
  for (const [batch, code, message] of [
    [
      { x: Tensor.zeros([rows, 5]) },
      'SHAPE_MISMATCH',
      /float32\[6, 4\] for the array x of batch 1 of the feed train .* float32\[6, 5\]/,
    ],
    [{ x: Tensor.zeros([rows, width], 'int32') }, 'SHAPE_MISMATCH', /received int32\[6, 4\]/],
    [{ x, z: x }, 'INVALID_ARGUMENT', /one of x for an array of batch 1 of the feed train but received "z"/],
    [{}, 'INVALID_ARGUMENT', /a Tensor for the array x of batch 1/],
    [null, 'INVALID_ARGUMENT', /an object for batch 1 of the feed train/],
    [{ x: [1, 2] }, 'INVALID_ARGUMENT', /a Tensor for the array x/],
    [{ x: notFinite }, 'INVALID_DATA', /array x of batch 1 of the feed train but element \[1, 1\] is NaN/],
  ] as const) {
    bad.now = batch === null ? 'nothing' : batch;
    await t.throwsAsync(solver.step(state), { code, message });
    t.deepEqual(state.samplers.train?.state, { taken: 1 });
  }
  bad.now = undefined;
  t.is((await solver.step(state)).iteration, 2);
});

test('an iteration that is stopped while it waits leaves the state as it was; disposing ends it too', async (t) => {
  let closed = 0;
  let gate: Promise<unknown> = Promise.resolve();
  const train = feed(
    async function* (start: number) {
      try {
        for (let number = start; ; number++) {
          await gate;
          yield batchOf(number);
        }
      } finally {
        closed++;
      }
    },
    { types, ahead: 0 },
  );
  const solver = penalty(meanOf(train), options, { device });
  const state = solver.init();
  await solver.step(state);
  let release = (): void => undefined;
  gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const controller = new AbortController();
  const stopped = solver.step(state, { signal: controller.signal });
  controller.abort();
  await t.throwsAsync(stopped, { code: 'ABORTED' });
  t.deepEqual([state.counters.iteration, state.samplers.train?.state], [1, { taken: 1 }]);
  release();
  await setImmediate();
  t.is(closed, 1);
  gate = new Promise(() => undefined);
  const waiting = solver.step(state);
  solver.dispose();
  await t.throwsAsync(waiting, { code: 'DISPOSED' });
  await t.throwsAsync(solver.step(state), { code: 'DISPOSED' });
});

test('streams are stated as they are, and refused where rows must be numbered', (t) => {
  for (const [state, message] of [
    [() => feed(generate, {} as never), /types of a feed/],
    [() => feed(generate, { types: {} } as never), /at least one array for types/],
    [() => feed(generate, { types: { x: { shape: [1.5] } } } as never), /the shape of x/],
    [() => feed(generate, { types: { x: { shape: [1], dtype: 'float64' } } } as never), /the dtype of x/],
    [() => feed(generate, { types: { index: { shape: [1] } } } as never), /another name than index/],
    [() => feed(generate, { types, ahead: -1 }), /from 0 to 1024 for ahead/],
  ] as const) {
    t.throws(state, { code: 'INVALID_ARGUMENT', message });
  }
  t.throws(() => feed(generate, { types, batch: 3 } as never), { code: 'UNKNOWN_OPTION' });
  const train = feed(generate, { types });
  t.throws(
    () =>
      bilevelProblem({
        upper: { weights: perSample(Tensor.zeros([rows]), 'train') },
        lower: { b: Tensor.zeros([]) },
        feeds: { train },
        f: ({ v }) => v.b,
        g: ({ v }) => v.b,
      }),
    { code: 'INVALID_ARGUMENT', message: /a feed of tensors, whose rows are numbered/ },
  );
  for (const method of [saba, srba]) {
    t.throws(() => method(meanOf(train), {}, { device }), {
      code: 'INVALID_ARGUMENT',
      message: /the feed train.*(whose rows are numbered|is a stream of batches)/,
    });
  }
  using solver = penalty(meanOf(train), options, { device });
  const saved = solver.serialize(solver.init());
  using other = penalty(meanOf(feed(generate, { types: { x: { shape: [3, width] } } })), options, { device });
  t.throws(() => other.restore(saved), {
    code: 'STATE_MISMATCH',
    message: /the feed train is "batches of x float32\[6, 4\]" there but "batches of x float32\[3, 4\]" here/,
  });
});
