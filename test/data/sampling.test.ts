import test from 'ava';
import { confusedWith, corruptLabels, nextClass } from '../../lib/data/noise.js';
import { Random } from '../../lib/data/random.js';
import { ShuffledBlocks, ShuffledRows, type ShuffledState } from '../../lib/data/samplers/shuffled.js';
import { splitRows } from '../../lib/data/split.js';
import { Tensor } from '../../lib/tensor.js';

const cycle = (count: number, classes: number): Tensor<'int64'> =>
  Tensor.from(
    Array.from({ length: count }, (_, index) => index % classes),
    [count],
    'int64',
  );

test('exactly floor(rate * n) labels become another class, and the mask tells which', (t) => {
  for (const [n, rate, expected] of [
    [1000, 0.5, 500],
    [1001, 0.5, 500],
    [100, 0.29, 29],
    [7, 1, 7],
    [7, 0, 0],
    [0, 0.5, 0],
  ] as const) {
    const labels = cycle(n, 10);
    const { labels: noisy, corrupted } = corruptLabels(labels, rate, 10, Random.fromSeed(0, 'noise'));
    let wrong = 0;
    for (let index = 0; index < n; index++) {
      const differs = noisy.data[index] !== labels.data[index];
      t.is(corrupted.data[index], differs ? 1 : 0);
      wrong += differs ? 1 : 0;
    }
    t.is(wrong, expected);
    t.deepEqual(labels.toArray(), cycle(n, 10).toArray(), 'the given labels are left as they are');
  }
});

test('wrong labels are uniform over the other classes, and the corrupted rows over the set', (t) => {
  const n = 9000;
  const { labels, corrupted } = corruptLabels(Tensor.zeros([n], 'int64'), 0.9, 10, Random.fromSeed(4, 'noise'));
  const counts = new Array<number>(10).fill(0);
  for (const label of labels.data) counts[Number(label)] = (counts[Number(label)] ?? 0) + 1;
  t.is(counts[0], 900);
  for (const count of counts.slice(1)) t.true(Math.abs(count - 900) < 130, String(count));
  const firstHalf = corrupted.data.subarray(0, n / 2).reduce((sum, value) => sum + value, 0);
  t.true(Math.abs(firstHalf - 4050) < 100, String(firstHalf));
});

test('the same seed corrupts the same labels', (t) => {
  const corrupt = (seed: number): number[] =>
    corruptLabels(cycle(500, 10), 0.25, 10, Random.fromSeed(seed, 'noise')).labels.toArray();
  t.deepEqual(corrupt(1), corrupt(1));
  t.notDeepEqual(corrupt(1), corrupt(2));
});

test('noise that has no meaning is refused', (t) => {
  const random = Random.fromSeed(0, 'noise');
  for (const rate of [-0.1, 1.1, Number.NaN])
    t.throws(() => corruptLabels(cycle(4, 2), rate, 2, random), { code: 'INVALID_ARGUMENT' });
  for (const classes of [1, 2.5])
    t.throws(() => corruptLabels(cycle(4, 1), 0.5, classes, random), { code: 'INVALID_ARGUMENT' });
  t.throws(() => corruptLabels(cycle(4, 4), 0.5, 3, random), { code: 'INVALID_DATA', message: /label 3 of sample 3/ });
});

test('a split is disjoint, of the sizes asked for, and drawn by the seed', (t) => {
  const split = (seed: number) => splitRows(100, { train: 60, validation: 30 }, Random.fromSeed(seed, 'split'));
  const { train, validation } = split(0);
  t.deepEqual([train.length, validation.length], [60, 30]);
  const rows = new Set([...train, ...validation]);
  t.is(rows.size, 90);
  for (const row of rows) t.true(row >= 0 && row < 100);
  t.deepEqual(split(0), { train, validation });
  t.notDeepEqual(split(1).train, train);
  for (const sizes of [
    { train: 60, validation: 41 },
    { train: 0, validation: 1 },
    { train: 1, validation: 1.5 },
  ]) {
    t.throws(() => splitRows(100, sizes, Random.fromSeed(0, 'split')), { code: 'INVALID_ARGUMENT' });
  }
});

const sampler = (count: number, batch: number, seed = 0): ShuffledRows =>
  new ShuffledRows(count, batch, Random.fromSeed(seed, 'batches'));

test('an epoch visits rows without replacement, in full batches, in a new order each time', (t) => {
  const batches = sampler(10, 3);
  t.is(batches.batchesPerEpoch, 3);
  const epochs = Array.from({ length: 40 }, () => batches.next(3));
  const leftOut = new Set<number>();
  for (const rows of epochs) {
    t.is(rows.length, 9);
    t.is(new Set(rows).size, 9);
    for (let row = 0; row < 10; row++) if (!rows.includes(row)) leftOut.add(row);
  }
  t.is(new Set(epochs.map(String)).size, 40);
  t.is(leftOut.size, 10, 'every row is left out now and then');
});

test('several batches at once are the same batches one by one', (t) => {
  const one = sampler(10, 4);
  const many = sampler(10, 4);
  const rows = Array.from({ length: 7 }, () => [...one.next()]).flat();
  t.deepEqual([...many.next(7)], rows);
  t.deepEqual(many.state, one.state);
});

test('a sampler restored from JSON goes on bit for bit, from every position', (t) => {
  for (let drawn = 0; drawn < 9; drawn++) {
    const original = sampler(11, 3, 7);
    if (drawn > 0) original.next(drawn);
    const state: ShuffledState = JSON.parse(JSON.stringify(original.state));
    const restored = sampler(11, 3, 99);
    restored.restore(state);
    t.deepEqual(restored.state, state);
    t.deepEqual(restored.next(20), original.next(20));
  }
});

test('samplers that cannot fill a batch, and states of another sampler, are refused', (t) => {
  for (const [count, batch] of [
    [10, 11],
    [10, 0],
    [10, 2.5],
    [0, 1],
    [10, -1],
  ] as const) {
    t.throws(() => sampler(count, batch), { code: 'INVALID_ARGUMENT', message: /count|batch/ });
  }
  const batches = sampler(10, 2);
  t.throws(() => batches.next(0), { code: 'INVALID_ARGUMENT' });
  t.throws(() => batches.restore(sampler(10, 5).state), { code: 'STATE_MISMATCH', message: /batches of 5 from 10/ });
  t.throws(() => batches.restore({ ...batches.state, position: 6 }), { code: 'INVALID_ARGUMENT' });
  t.throws(() => batches.restore({ ...batches.state, random: [0, 0, 0, 0] }), { code: 'INVALID_ARGUMENT' });
  t.deepEqual(batches.next(5), sampler(10, 2).next(5), 'a refused state changes nothing');
});

test('a block sampler hands out every block of rows once in an epoch, in a new order each', (t) => {
  const sampler = new ShuffledBlocks(12, 3, Random.fromSeed(1, 'blocks'));
  const orders = Array.from({ length: 6 }, () => {
    const rows = [...sampler.next(4)];
    const blocks = rows.filter((_, position) => position % 3 === 0).map((first) => first / 3);
    t.deepEqual(
      rows,
      blocks.flatMap((block) => [3 * block, 3 * block + 1, 3 * block + 2]),
    );
    t.deepEqual(blocks.toSorted(), [0, 1, 2, 3]);
    return blocks.join();
  });
  t.true(new Set(orders).size > 1);
});

test('a block sampler goes on from where its state was taken, and refuses what does not fit', (t) => {
  const sampler = new ShuffledBlocks(12, 3, Random.fromSeed(1, 'blocks'));
  sampler.next(6);
  const { state } = sampler;
  const expected = sampler.next(5);
  const other = new ShuffledBlocks(12, 3, Random.fromSeed(2, 'others'));
  other.restore(structuredClone(state));
  t.deepEqual(other.next(5), expected);
  t.throws(() => new ShuffledBlocks(12, 4, Random.fromSeed(0, 'blocks')).restore(state), { code: 'STATE_MISMATCH' });
  t.throws(() => new ShuffledBlocks(12, 5, Random.fromSeed(0, 'blocks')), { code: 'INVALID_ARGUMENT' });
});

test('pair-flip noise gives the next class, confusions those that a classifier takes for likely', (t) => {
  const n = 9000;
  const clean = cycle(n, 3);
  const pairs = corruptLabels(clean, 0.4, 3, Random.fromSeed(1, 'noise'), nextClass(3));
  t.is(
    pairs.corrupted.data.reduce((sum, each) => sum + each, 0),
    3600,
  );
  for (const [row, label] of pairs.labels.data.entries()) {
    t.is(Number(label), (Number(clean.data[row]) + (pairs.corrupted.data[row] ?? 0)) % 3);
  }
  // Every sample is taken for class 2 three times as often as for class 1; class 0 is all that is left of class 2's
  // samples.
  const probabilities = Tensor.from(
    Float32Array.from({ length: 3 * n }, (_, at) => [0, 0.25, 0.75][at % 3] ?? 0),
    [n, 3],
  );
  const { labels, corrupted } = corruptLabels(clean, 1, 3, Random.fromSeed(2, 'noise'), confusedWith(probabilities));
  t.true(corrupted.data.every((each) => each === 1));
  const share = (of: number, to: number): number =>
    [...labels.data].filter((label, row) => Number(clean.data[row]) === of && Number(label) === to).length / (n / 3);
  for (const label of [0, 1, 2]) t.is(share(label, label), 0);
  t.true(Math.abs(share(0, 2) - 0.75) < 0.03, `${share(0, 2)}`);
  t.is(share(1, 2), 1);
  t.is(share(2, 1), 1);
});
