import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { bilevelProblem, type Feed, feed } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import { samplers } from '../../lib/data/samplers/index.js';
import type { Sampler } from '../../lib/data/samplers/sampler.js';
import { crossEntropy, matmul, mean, reduceSum, square, sub } from '../../lib/graph/index.js';
import { maml, penalty, readState, saba, srba, writeState } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice({ threads: 2 });
test.after(() => device.dispose());

const random = Random.fromSeed(3, 'samplers');
const [classes, size] = [6, 60];
const x = Tensor.from(
  Float32Array.from({ length: size * 4 }, () => random.normal()),
  [size, 4],
);
const y = Tensor.from(Array.from({ length: size }, (_, row) => BigInt(10 * (row % classes))));

/** Rows in order, over and over, from wherever they are told to begin. */
const inOrder = (first = 0): Sampler => ({
  description: `in order from ${first}`,
  start({ size: rows, batch }) {
    let next = first;
    return {
      next: () => Array.from({ length: batch }, () => next++ % rows),
      get state() {
        return next;
      },
      restore(state) {
        next = Number(state);
      },
    };
  },
});

/** v is drawn to the mean of the rows of a mini-batch. */
const meanOf = (train: Feed<'x'>) =>
  bilevelProblem({
    upper: { shift: Tensor.zeros([4]) },
    lower: { centre: Tensor.zeros([4]) },
    feeds: { train },
    f: ({ v }) => reduceSum(square(sub(v.centre, 1))),
    g: ({ u, v, train: rows }) => mean(square(sub(sub(rows.x, v.centre), u.shift))),
  });

const given: Readonly<Record<string, Sampler>> = {
  weighted: samplers.weighted(Array.from({ length: size }, (_, row) => row % 4)),
  'of its own': inOrder(),
};

for (const [name, sampler] of Object.entries(given)) {
  test(`a run with a sampler ${name} is resumed bit for bit, and by a solver with another one refused`, async (t) => {
    const open = (other = sampler) =>
      penalty(meanOf(feed({ x }, { batch: 7, sampler: other })), { lowerSteps: 3 }, { device });
    const run = async (solver: ReturnType<typeof open>, state: ReturnType<typeof solver.init>, iterations: number) => {
      const reports: unknown[] = [];
      for await (const { wallMs, ...report } of solver.run({ state, iterations })) reports.push(report);
      return reports;
    };
    const folder = await mkdtemp(join(tmpdir(), 'bilevel-samplers-'));
    try {
      using whole = open();
      const state = whole.init();
      const expected = await run(whole, state, 9);
      using half = open();
      const begun = half.init();
      const reports = await run(half, begun, 4);
      await writeState(join(folder, 'state'), half.serialize(begun));
      using rest = open();
      const resumed = rest.restore(await readState(join(folder, 'state')));
      reports.push(...(await run(rest, resumed, 5)));
      t.deepEqual(reports, expected);
      t.deepEqual(resumed.v.centre?.toArray(), state.v.centre?.toArray());
      using other = open(inOrder(1));
      t.throws(() => other.restore(half.serialize(begun)), {
        code: 'STATE_MISMATCH',
        message: /the feed train is "7 of 60 rows, seed 0, .*" there but "7 of 60 rows, seed 0, in order from 1" here/,
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
}

test('a sampler decides which rows a step sees', async (t) => {
  const once = { variant: 'paper', lowerSteps: 1, lowerOptimizer: 'sgd', lowerLearningRate: 0.1 } as const;
  using drawn = penalty(meanOf(feed({ x }, { batch: 5, sampler: inOrder(10) })), once, { device });
  const rows = Tensor.from(x.data.slice(10 * 4, 15 * 4), [5, 4]);
  using all = penalty(meanOf(feed({ x: rows })), once, { device });
  const [a, b] = [await drawn.step(drawn.init()), await all.step(all.init())];
  t.deepEqual({ ...a, wallMs: 0 }, { ...b, wallMs: 0 });
});

test('a draw that fails leaves the state as it was', async (t) => {
  let bad = false;
  const sampler: Sampler = {
    description: 'sometimes bad',
    start: (from, numbers) => {
      const cursor = inOrder().start(from, numbers);
      return {
        next: () => (bad ? [...Array.from(cursor.next()).slice(1), size] : cursor.next()),
        get state() {
          return cursor.state;
        },
        restore: (state) => cursor.restore(state),
      };
    },
  };
  using solver = penalty(meanOf(feed({ x }, { batch: 5, sampler })), { lowerSteps: 2 }, { device });
  const state = solver.init();
  await solver.step(state);
  const before = state.samplers.train?.state;
  bad = true;
  await t.throwsAsync(solver.step(state), { code: 'INVALID_ARGUMENT', message: /sampler of the feed train/ });
  t.is(state.samplers.train?.state, before);
  bad = false;
  t.is((await solver.step(state)).iteration, 2);
});

test('methods that pass over all rows, or keep a memory for blocks of them, refuse samplers that have none', (t) => {
  const problem = meanOf(feed({ x }, { batch: 5, sampler: inOrder() }));
  for (const method of [saba, srba]) {
    t.throws(() => method(problem, {}, { device }), {
      code: 'INVALID_ARGUMENT',
      message: /the feed train.* must be samplers\.shuffled\(\) but is in order from 0/,
    });
  }
});

test('MAML over a feed of episodes is MAML over the tasks that were drawn', async (t) => {
  const [ways, shots, queries, tasks] = [3, 2, 4, 5];
  const sampler = samplers.episodes({ ways, shots, queries, tasks });
  const start = Tensor.from(
    Float32Array.from({ length: 4 * ways }, () => random.normal()),
    [4, ways],
  );
  const levels = { upper: { weight: start }, lower: { weight: Tensor.zeros([tasks, 4, ways]) } };
  const episodes = bilevelProblem({
    ...levels,
    feeds: { task: feed({ x, y }, { sampler, seed: 4 }) },
    g: ({ v, task: { support } }) => reduceSum(mean(crossEntropy(matmul(support.x, v.weight), support.y), [1])),
    f: ({ v, task: { query } }) => mean(crossEntropy(matmul(query.x, v.weight), query.y)),
  });

  // The same first meta-batch, put together by hand.
  const rows = Array.from(sampler.start({ arrays: { y } }, Random.fromSeed(4, 'task')).next());
  const setOf = (first: number, samples: number) => {
    const chosen = rows.slice(first, first + tasks * ways * samples);
    const inputs = chosen.flatMap((row) => [...x.data.slice(row * 4, row * 4 + 4)]);
    const numbers = chosen.map((row, place) => {
      const task = Math.floor(place / (ways * samples)) * ways * samples;
      const order = [...new Set(chosen.slice(task, task + ways * samples).map((each) => y.data[each]))];
      return BigInt(order.indexOf(y.data[row]));
    });
    return { x: Tensor.from(inputs, [tasks, ways * samples, 4]), y: Tensor.from(numbers, [tasks, ways * samples]) };
  };
  const plain = bilevelProblem({
    ...levels,
    feeds: { support: feed(setOf(0, shots)), query: feed(setOf(tasks * ways * shots, queries)) },
    g: ({ v, support }) => reduceSum(mean(crossEntropy(matmul(support.x, v.weight), support.y), [1])),
    f: ({ v, query }) => mean(crossEntropy(matmul(query.x, v.weight), query.y)),
  });
  const options = { lowerSteps: 2, lowerLearningRate: 0.3 };
  using drawn = maml(episodes, options, { device });
  using made = maml(plain, options, { device });
  const [a, b] = [drawn.init(), made.init()];
  const [first, second] = [await drawn.step(a), await made.step(b)];
  t.true(first.hypergradientNorm > 0.01);
  for (const key of ['f', 'g', 'hypergradientNorm'] as const) {
    t.true(Math.abs(first[key] - second[key]) < 1e-5 * Math.abs(second[key]), `${key}: ${first[key]} ${second[key]}`);
  }
  const [weights, others] = [a.u.weight?.toArray() ?? [], b.u.weight?.toArray() ?? []];
  t.true(weights.every((weight, index) => Math.abs(weight - (others[index] ?? 0)) < 1e-5));
  t.not((await drawn.step(a)).f, first.f, 'the next iteration has other tasks');
});
