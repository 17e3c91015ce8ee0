import test from 'ava';
import { Random } from '../../lib/data/random.js';

test('the words are those of xoshiro128**', (t) => {
  // The first outputs of the published generator for the state 1, 2, 3, 4.
  const random = Random.fromState([1, 2, 3, 4]);
  t.deepEqual([random.word(), random.word(), random.word(), random.word()], [11520, 0, 5927040, 70819200]);
});

test('the same seed and stream give the same numbers; another seed or stream gives others', (t) => {
  const draw = (seed: number, stream: string): string => {
    const random = Random.fromSeed(seed, stream);
    return Array.from({ length: 4 }, () => random.word()).join(' ');
  };
  t.is(draw(0, 'noise'), draw(0, 'noise'));
  const drawn = [0, 1, 2, 2 ** 32, 2 ** 53 - 1].flatMap((seed) =>
    ['', 'noise', 'noisf', 'split'].map((name) => draw(seed, name)),
  );
  t.is(new Set(drawn).size, drawn.length);
});

test('a generator continues from its state', (t) => {
  const random = Random.fromSeed(5, 'a');
  random.word();
  const copy = Random.fromState(JSON.parse(JSON.stringify(random.state)));
  t.deepEqual(
    Array.from({ length: 9 }, () => copy.normal()),
    Array.from({ length: 9 }, () => random.normal()),
  );
});

test('bad seeds, states and bounds are refused', (t) => {
  for (const seed of [-1, 0.5, Number.NaN, 2 ** 53])
    t.throws(() => Random.fromSeed(seed, ''), { code: 'INVALID_ARGUMENT' });
  for (const state of [[0, 0, 0, 0], [1, 2, 3], [1, 2, 3, 2 ** 32], [1, 2, 3, -1], null]) {
    t.throws(() => Random.fromState(state as never), { code: 'INVALID_ARGUMENT' });
  }
  for (const bound of [0, 1.5, 2 ** 32 + 1])
    t.throws(() => Random.fromSeed(0, '').integer(bound), { code: 'INVALID_ARGUMENT' });
});

test('integers are uniform: a chi-square test, and no bias for a bound just above half of 2^32', (t) => {
  const random = Random.fromSeed(1, 'integers');
  const counts = new Array<number>(10).fill(0);
  const draws = 100_000;
  for (let index = 0; index < draws; index++) {
    const value = random.integer(10);
    counts[value] = (counts[value] ?? 0) + 1;
  }
  const chiSquare = counts.reduce((sum, count) => sum + (count - draws / 10) ** 2 / (draws / 10), 0);
  t.true(chiSquare < 27.9, `chi-square ${chiSquare} with 9 degrees of freedom`); // p = 0.001
  // Without rejection, results below 2^32 - bound would come twice as often.
  const bound = 3 * 2 ** 30;
  let low = 0;
  for (let index = 0; index < 30_000; index++) low += random.integer(bound) < 2 ** 30 ? 1 : 0;
  t.true(Math.abs(low - 10_000) < 300, String(low));
});

test('uniform and normal numbers have the right moments', (t) => {
  const random = Random.fromSeed(2, 'moments');
  const n = 50_000;
  const moments = (draw: () => number): [number, number] => {
    let sum = 0;
    let squares = 0;
    for (let index = 0; index < n; index++) {
      const x = draw();
      sum += x;
      squares += x * x;
    }
    return [sum / n, squares / n - (sum / n) ** 2];
  };
  const [uniformMean, uniformVariance] = moments(() => random.uniform());
  t.true(Math.abs(uniformMean - 0.5) < 0.005 && Math.abs(uniformVariance - 1 / 12) < 0.002);
  const [normalMean, normalVariance] = moments(() => random.normal());
  t.true(Math.abs(normalMean) < 0.02 && Math.abs(normalVariance - 1) < 0.03);
});

test('a permutation holds every integer once and puts each in each place', (t) => {
  const random = Random.fromSeed(3, 'permutation');
  t.deepEqual(
    random.permutation(1000).toSorted(),
    Int32Array.from({ length: 1000 }, (_, index) => index),
  );
  t.is(random.permutation(0).length, 0);
  const orders = new Map<string, number>();
  for (let index = 0; index < 6000; index++) {
    const order = random.permutation(3).join('');
    orders.set(order, (orders.get(order) ?? 0) + 1);
  }
  t.is(orders.size, 6);
  for (const count of orders.values()) t.true(Math.abs(count - 1000) < 120, String(count));
});
