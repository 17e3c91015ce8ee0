import test from 'ava';
import { type AugmentOptions, bilevelProblem, feed, minimizationProblem } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import { mean, reduceSum, square, sub } from '../../lib/graph/index.js';
import { evaluate, minimize, penalty, respond } from '../../lib/solvers/index.js';
import { Batches } from '../../lib/solvers/machine/batches.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';

const device = testDevice({ threads: 2 });
test.after(() => device.dispose());

const random = Random.fromSeed(3, 'images');
const x = Tensor.from(
  Float32Array.from({ length: 20 * 2 * 5 * 4 }, () => random.normal()),
  [20, 2, 5, 4],
);
const usual: AugmentOptions = { flip: 0.5, shift: 2, rotate: 20, fill: [1, -1] };

/** v is drawn to the mean of the images of a mini-batch. */
const meanOf = (augmentation?: AugmentOptions, batch: number | undefined = 6) =>
  bilevelProblem({
    upper: { shift: Tensor.zeros([2, 5, 4]) },
    lower: { centre: Tensor.zeros([2, 5, 4]) },
    feeds: {
      train: feed({ x }, { batch, seed: 4, augment: { x: augmentation } }),
      validation: feed({ x }, { batch, seed: 4 }),
    },
    f: ({ v, validation }) => mean(square(sub(validation.x, v.centre))),
    g: ({ u, v, train }) => mean(square(sub(sub(train.x, v.centre), u.shift))),
  });

const open = (augmentation?: AugmentOptions, batch?: number) =>
  penalty(meanOf(augmentation, batch), { lowerSteps: 3 }, { device });

type Opened = ReturnType<typeof open>;

async function run(solver: Opened, state: ReturnType<Opened['init']>, iterations: number): Promise<unknown[]> {
  const reports: unknown[] = [];
  for await (const { wallMs, ...report } of solver.run({ state, iterations })) reports.push(report);
  return reports;
}

test('a run is resumed in the middle of an epoch bit for bit, and by a solver that augments otherwise refused', async (t) => {
  using whole = open(usual);
  const state = whole.init();
  const expected = await run(whole, state, 7);
  using half = open(usual);
  const begun = half.init();
  const reports = await run(half, begun, 2);
  const saved = half.serialize(begun);
  using rest = open(usual);
  const resumed = rest.restore(JSON.parse(JSON.stringify(saved.values)) && saved);
  reports.push(...(await run(rest, resumed, 5)));
  t.deepEqual(reports, expected);
  t.deepEqual(resumed.v.centre?.toArray(), state.v.centre?.toArray());
  for (const other of [undefined, { ...usual, shift: 1 }]) {
    using solver = open(other);
    t.throws(() => solver.restore(saved), { code: 'STATE_MISMATCH', message: /the feed train .*flip 0\.5, shift 2/ });
  }
});

test('what is drawn is the same with and without, and what is seen is not', async (t) => {
  using changed = open(usual);
  using plain = open();
  const [a, b] = [changed.init(), plain.init()];
  const [seen, given] = [await run(changed, a, 4), await run(plain, b, 4)];
  t.deepEqual(a.samplers.train?.state, b.samplers.train?.state);
  t.deepEqual(a.samplers.validation?.state, b.samplers.validation?.state);
  t.notDeepEqual(seen, given);
  for (const nothing of [{}, { fill: 3 }]) {
    using other = open(nothing);
    const c = other.init();
    t.deepEqual(await run(other, c, 4), given, 'nothing to do leaves the bits');
    t.notThrows(() => plain.restore(other.serialize(c)), 'and the state');
  }
});

test('every draw of every feed has a key of its own, from its seed', async (t) => {
  const stated = (seed: number) =>
    bilevelProblem({
      upper: { a: Tensor.zeros([]) },
      lower: { b: Tensor.zeros([]) },
      feeds: {
        train: feed({ x }, { batch: 6, seed, augment: { x: usual } }),
        validation: feed({ x }, { batch: 6, seed, augment: { x: usual } }),
        whole: feed({ x }, { seed, augment: { x: usual } }),
      },
      f: ({ v, train, validation, whole }) =>
        reduceSum(train.x) && reduceSum(validation.x) && reduceSum(whole.x) && v.b,
      g: ({ v }) => v.b,
    });
  const keys = new Set<string>();
  const names = ['key.train', 'key.validation', 'key.whole'];
  for (const seed of [1, 2]) {
    using batches = new Batches(stated(seed));
    for (const before of [0, 3]) {
      const drawn = await batches.draw(batches.initialSamplers(), before, new Set(names), { steps: 3 });
      for (const name of names) {
        const words = drawn[name]?.toArray() ?? [];
        for (const step of [0, 1, 2]) keys.add(words.slice(2 * step, 2 * step + 2).join());
      }
    }
  }
  t.is(keys.size, 6 * names.length * 2);
});

test('what judges a point sees images as they are', async (t) => {
  const point = { u: { shift: Tensor.zeros([2, 5, 4]) }, v: { centre: Tensor.zeros([2, 5, 4]) } };
  for (const batch of [6, undefined]) {
    const [changed, plain] = [meanOf(usual, batch), meanOf(undefined, batch)];
    t.deepEqual(await evaluate(changed, point, { device }), await evaluate(plain, point, { device }));
    const [a, b] = [await respond(changed, point.u, { device }), await respond(plain, point.u, { device })];
    t.deepEqual(a.v.centre?.toArray(), b.v.centre?.toArray());
    const feeds = { test: feed({ x }, { batch: 5, augment: { x: usual } }) };
    const { metrics } = await evaluate(changed, point, {
      device,
      feeds,
      metrics: { mean: ({ test }) => mean(test.x) },
    });
    const expected = x.toArray().reduce((sum, value) => sum + value, 0) / x.size;
    t.true(Math.abs(metrics.mean - expected) < 1e-5);
  }
});

test('a feed without a batch is changed anew in every step', async (t) => {
  const problem = minimizationProblem({
    lower: { b: Tensor.zeros([]) },
    feeds: { train: feed({ x }, { augment: { x: { shift: 3 } } }) },
    g: ({ v, train }) => square(sub(mean(train.x), v.b)),
  });
  using solver = minimize(problem, { steps: 1, learningRate: 1e-6 }, { device });
  const costs = new Set<number>();
  for await (const { g } of solver.run({ iterations: 5 })) costs.add(g);
  t.is(costs.size, 5);
});
