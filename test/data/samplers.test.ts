import { readFile } from 'node:fs/promises';
import test from 'ava';
import { Random } from '../../lib/data/random.js';
import { checkedCursor } from '../../lib/data/samplers/checked.js';
import { samplers } from '../../lib/data/samplers/index.js';
import type { Cursor, Drawable, Sampler } from '../../lib/data/samplers/sampler.js';
import { Tensor } from '../../lib/tensor.js';

const stream = (seed = 0): Random => Random.fromSeed(seed, 'train');
const numbers = (size: number, batch: number): Drawable => ({ arrays: { x: Tensor.zeros([size]) }, size, batch });

/** Classes of 40 rows: four of 10 rows, numbered without order. */
const classOf = Array.from({ length: 40 }, (_, row) => [7n, -2n, 40n, 3n][row % 4] ?? 0n);
const labelled: Drawable = { arrays: { y: Tensor.from(classOf) }, size: 40, batch: 0 };

test('a subset has different integers, each choice and order of them equally likely', (t) => {
  const random = stream();
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 12_000; draw++) {
    const chosen = [...random.subset(4, 2)];
    t.is(new Set(chosen).size, 2);
    counts.set(String(chosen), (counts.get(String(chosen)) ?? 0) + 1);
  }
  t.is(counts.size, 12);
  for (const [chosen, count] of counts) t.true(Math.abs(count - 1000) < 130, `${chosen}: ${count}`);
  t.deepEqual([...stream().subset(5, 5)].toSorted(), [0, 1, 2, 3, 4]);
  t.is(stream().subset(2 ** 31, 3).length, 3, 'a small subset of many needs no room for all');
});

test('weighted rows come as often as their weights say, and a weight of 0 never', (t) => {
  const cursor = samplers.weighted([0, 1, 0, 3, 0]).start(numbers(5, 4), stream());
  const counts = [0, 0, 0, 0, 0];
  for (let batch = 0; batch < 5000; batch++) {
    const rows = Array.from(cursor.next());
    t.is(rows.length, 4);
    for (const row of rows) counts[row] = (counts[row] ?? 0) + 1;
  }
  t.deepEqual([counts[0], counts[2], counts[4]], [0, 0, 0]);
  t.true(Math.abs((counts[1] ?? 0) - 5000) < 250, String(counts));
  const even = samplers.weighted(Tensor.from(new Float32Array(3).fill(0.1))).start(numbers(3, 3000), stream());
  for (const row of [0, 1, 2]) {
    t.true(Math.abs(Array.from(even.next()).filter((each) => each === row).length - 1000) < 120);
  }
});

test('weights that are none are refused, naming the first', (t) => {
  for (const [weights, message] of [
    [[1, -1], /weight 1 is -1/],
    [[1, Number.NaN], /weight 1 is NaN/],
    [[Number.POSITIVE_INFINITY], /weight 0 is Infinity/],
    [[0, 0], /a finite sum above 0; theirs is 0/],
    [[1e308, 1e308], /a finite sum above 0; theirs is Infinity/],
  ] as const) {
    t.throws(() => samplers.weighted(weights), { code: 'INVALID_DATA', message });
  }
  for (const weights of [[], 3, null, 'abc'] as never[]) {
    t.throws(() => samplers.weighted(weights), { code: 'INVALID_ARGUMENT', message: /weights of a sampler/ });
  }
});

test('an episode has different classes, of each different samples, none in both sets', (t) => {
  const [ways, shots, queries, tasks] = [3, 2, 4, 5];
  const cursor = samplers.episodes({ ways, shots, queries, tasks }).start(labelled, stream());
  const seen = new Set<string>();
  for (let draw = 0; draw < 50; draw++) {
    const rows = Array.from(cursor.next());
    t.is(rows.length, tasks * ways * (shots + queries));
    for (let task = 0; task < tasks; task++) {
      const support = rows.slice(task * ways * shots, (task + 1) * ways * shots);
      const start = tasks * ways * shots + task * ways * queries;
      const query = rows.slice(start, start + ways * queries);
      t.is(new Set([...support, ...query]).size, ways * (shots + queries));
      const classes = Array.from({ length: ways }, (_, way) => [
        ...new Set([
          ...support.slice(way * shots, (way + 1) * shots).map((row) => classOf[row]),
          ...query.slice(way * queries, (way + 1) * queries).map((row) => classOf[row]),
        ]),
      ]);
      t.true(
        classes.every(({ length }) => length === 1),
        'the samples of a way are of one class, in both sets',
      );
      t.is(new Set(classes.flat()).size, ways);
      seen.add(classes.join());
    }
  }
  t.is(seen.size, 24, 'every order of every three of the four classes');
});

test('episodes that the labels do not allow are refused', (t) => {
  const check =
    (options: object, arrays: Drawable['arrays'] = labelled.arrays) =>
    () =>
      samplers.episodes({ ways: 2, shots: 1, queries: 1, ...options }).check({ arrays });
  t.notThrows(check({ ways: 4, shots: 5, queries: 5 }));
  t.throws(check({ ways: 5 }), {
    code: 'INVALID_ARGUMENT',
    message: /at most the 4 classes that there are for ways .* 5/,
  });
  t.throws(check({ shots: 6, queries: 5 }), {
    code: 'INVALID_DATA',
    message: /takes 6 \+ 5 samples of a class, but the class 7 of the array y has 10/,
  });
  t.throws(check({ labels: 'z' }), { code: 'INVALID_ARGUMENT', message: /no array "z".*Did you mean y\?/ });
  t.throws(check({}, { y: Tensor.zeros([4]) }), { code: 'INVALID_ARGUMENT', message: /array y .* "float32\[4\]"/ });
  t.throws(check({}, { y: Tensor.zeros([4, 2], 'int64') }), { code: 'INVALID_ARGUMENT', message: /int64\[4, 2\]/ });
  for (const [name, value] of [
    ['ways', 1],
    ['shots', 0],
    ['queries', 1.5],
    ['tasks', 0],
    ['labels', 3],
  ] as const) {
    t.throws(check({ [name]: value }), {
      code: 'INVALID_ARGUMENT',
      message: new RegExp(`${name} of samplers.episodes`),
    });
  }
  t.throws(check({ way: 3 }), { code: 'UNKNOWN_OPTION', message: /Did you mean ways/ });
});

const usual: Readonly<Record<string, readonly [Sampler, Drawable]>> = {
  shuffled: [samplers.shuffled(), numbers(11, 3)],
  full: [samplers.full(), numbers(4, 4)],
  weighted: [samplers.weighted([1, 2, 3, 4]), numbers(4, 3)],
  episodes: [samplers.episodes({ ways: 2, shots: 1, queries: 2, tasks: 2 }), labelled],
};

test('every usual sampler is known here and in docs/problems.md', async (t) => {
  const page = await readFile('docs/problems.md', 'utf8');
  for (const name of Object.keys(samplers)) t.true(page.includes(`| \`samplers.${name}(`), name);
  t.deepEqual(Object.keys(usual).toSorted(), Object.keys(samplers).toSorted());
});

for (const [name, [sampler, from]] of Object.entries(usual)) {
  const drawn = (cursor: Cursor, count: number): number[][] =>
    Array.from({ length: count }, () => Array.from(cursor.next()));

  test(`${name}: the seed decides what is drawn, and a state as JSON goes on bit for bit`, (t) => {
    const whole = drawn(sampler.start(from, stream()), 20);
    t.deepEqual(drawn(sampler.start(from, stream()), 20), whole);
    if (name !== 'full') t.notDeepEqual(drawn(sampler.start(from, stream(1)), 20), whole);
    for (const taken of [0, 1, 3, 7]) {
      const first = sampler.start(from, stream());
      t.deepEqual(drawn(first, taken), whole.slice(0, taken));
      const { state } = first;
      const saved = JSON.stringify(state);
      first.next();
      t.is(JSON.stringify(state), saved, 'what was read stays as it was');
      const other = sampler.start(from, stream(5));
      other.restore(JSON.parse(saved));
      t.deepEqual(drawn(other, 20 - taken), whole.slice(taken));
      first.restore(state);
      t.deepEqual(drawn(first, 20 - taken), whole.slice(taken));
    }
  });

  if (name === 'full') continue;
  test(`${name}: a state that is none is refused`, (t) => {
    for (const state of [undefined, null, 3, {}, [0, 0, 0, 0], [1, 2, 3], { random: [1, 2, 3, 'x'] }]) {
      const error = t.throws(() => sampler.start(from, stream()).restore(state));
      t.regex(String((error as { code?: string }).code), /INVALID_ARGUMENT|STATE_MISMATCH/);
    }
  });
}

test('what a sampler of somebody else draws is looked at', (t) => {
  const own = (next: () => unknown, distinct = false): Cursor => {
    const cursor = { next, state: 0, restore: () => undefined } as Cursor;
    return checkedCursor('train', { description: 'own', distinct, start: () => cursor }, 10, 3, cursor);
  };
  t.deepEqual(own(() => [9, 0, 9]).next(), [9, 0, 9]);
  for (const [rows, message] of [
    [[1, 2], /Expected 3 row numbers for the rows that the sampler of the feed train draws/],
    [undefined, /Expected 3 row numbers/],
    [[1, 2, 10], /row 2 that the sampler of the feed train draws but received 10/],
    [[-1, 2, 3], /row 0 .* received -1/],
    [[0.5, 2, 3], /row 0 .* received 0\.5/],
  ] as const) {
    t.throws(() => own(() => rows).next(), { code: 'INVALID_ARGUMENT', message });
  }
  t.throws(() => own(() => [1, 1, 2], true).next(), {
    code: 'INVALID_ARGUMENT',
    message: /distinct but drew \[1, 1, 2\]/,
  });
  const none = samplers.shuffled();
  for (const cursor of [undefined, null, {}, { next: () => [], state: 0 }] as never[]) {
    t.throws(() => checkedCursor('train', none, 10, 3, cursor), {
      code: 'INVALID_ARGUMENT',
      message: /next, state and/,
    });
  }
});
