import test from 'ava';
import { bilevelProblem, type Feed, feed, perSample } from '../../lib/bilevel/index.js';
import { samplers } from '../../lib/data/samplers/index.js';
import type { Sampler } from '../../lib/data/samplers/sampler.js';
import { evaluate, type Node, reduceSum } from '../../lib/graph/index.js';
import { Tensor } from '../../lib/tensor.js';

const x = Tensor.from(
  Array.from({ length: 24 }, (_, index) => index),
  [12, 2],
);
const y = Tensor.from(Array.from({ length: 12 }, (_, row) => BigInt(row % 3)));
const few = { ways: 2, shots: 1, queries: 3 };

test('a feed says which sampler it has', (t) => {
  t.is(feed({ x }).sampler, samplers.full());
  t.is(feed({ x }, { batch: 3 }).sampler, samplers.shuffled());
  t.like(feed({ x }, { sampler: samplers.full() }), { batch: undefined });
  const episodes = feed({ x, y }, { sampler: samplers.episodes({ ...few, tasks: 5 }) });
  t.is(episodes.batch, 5 * 2 * 4);
});

const wrong: Readonly<Record<string, [() => Feed, string, RegExp]>> = {
  'a batch with full': [() => feed({ x }, { sampler: samplers.full(), batch: 3 }), 'INVALID_ARGUMENT', /sampler full/],
  'shuffled without a batch': [
    () => feed({ x }, { sampler: samplers.shuffled() }),
    'INVALID_ARGUMENT',
    /batch of a feed but received undefined/,
  ],
  'a batch with episodes': [
    () => feed({ x, y }, { sampler: samplers.episodes(few), batch: 3 } as never),
    'INVALID_ARGUMENT',
    /sampler 1 episodes of 2 ways, 1 shots and 3 queries by y but received 3/,
  ],
  'weights of another length': [
    () => feed({ x }, { batch: 3, sampler: samplers.weighted([1, 2]) }),
    'SHAPE_MISMATCH',
    /each of the 12 rows of its feed but has 2/,
  ],
  'more ways than classes': [
    () => feed({ x, y }, { sampler: samplers.episodes({ ...few, ways: 4 }) }),
    'INVALID_ARGUMENT',
    /3 classes/,
  ],
  'too few samples of a class': [
    () => feed({ x, y }, { sampler: samplers.episodes({ ...few, queries: 4 }) }),
    'INVALID_DATA',
    /takes 1 \+ 4 samples/,
  ],
  'no sampler': [
    () => feed({ x }, { batch: 3, sampler: 'shuffled' as never }),
    'INVALID_ARGUMENT',
    /sampler of a feed/,
  ],
  'a sampler without start': [
    () => feed({ x }, { batch: 3, sampler: { description: 'x' } as never }),
    'INVALID_ARGUMENT',
    /description and start/,
  ],
};

for (const [what, [state, code, message]] of Object.entries(wrong)) {
  test(`a feed is refused with ${what}`, (t) => {
    t.throws(state, { code, message });
  });
}

test('what a sampler refuses is refused where the feed is stated', (t) => {
  const picky: Sampler = {
    ...samplers.shuffled(),
    description: 'picky',
    check({ size, batch }) {
      if (size % batch !== 0) throw new RangeError('rows are left over');
    },
  };
  t.notThrows(() => feed({ x }, { batch: 3, sampler: picky }));
  t.throws(() => feed({ x }, { batch: 5, sampler: picky }), { instanceOf: RangeError, message: 'rows are left over' });
});

for (const tasks of [undefined, 3]) {
  test(`costs see the sets of ${tasks ?? 'one'} tasks, with classes numbered from 0`, (t) => {
    const sampler = samplers.episodes({ ways: 2, shots: 2, queries: 1, tasks, labels: 'y' });
    const seen: Node[] = [];
    const { feeds } = bilevelProblem({
      upper: { a: Tensor.zeros([]) },
      lower: { b: Tensor.zeros([]) },
      feeds: { task: feed({ x, y, z: y }, { sampler }) },
      f: ({ v, task: { support, query } }) => {
        seen.push(support.x, support.y, support.z, support.index, query.x, query.y, query.z, query.index);
        return v.b;
      },
      g: ({ v, task: { support } }) => reduceSum(support.x) && v.b,
    });
    const leading = tasks === undefined ? [] : [tasks];
    t.deepEqual(seen.map(({ dtype }) => dtype).slice(0, 4), ['float32', 'int64', 'int64', 'int32']);
    t.deepEqual(seen[0]?.shape, [...leading, 4, 2]);
    t.deepEqual(seen[4]?.shape, [...leading, 2, 2]);
    const count = (tasks ?? 1) * 6;
    const rows = Float64Array.from({ length: count }, (_, position) => (position * 5) % 12);
    const inputs = new Map<Node, Float64Array>();
    const { index } = feeds[0] ?? {};
    if (index !== undefined) inputs.set(index, rows);
    const values = (nodes: Node[]): number[][] => evaluate(nodes, inputs).map((each) => [...(each as Float64Array)]);
    const [, labels, , supportIndex, , queryLabels, , queryIndex] = seen as [
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
      Node,
    ];
    const [a, b, c, d] = values([labels, supportIndex, queryLabels, queryIndex]);
    const each = Array.from({ length: tasks ?? 1 });
    t.deepEqual(
      a,
      each.flatMap(() => [0, 0, 1, 1]),
    );
    t.deepEqual(
      c,
      each.flatMap(() => [0, 1]),
    );
    t.deepEqual([...(b ?? []), ...(d ?? [])], [...rows]);
  });
}

test('variables of samples need batches of different rows', (t) => {
  const state = (given: Feed) => () =>
    bilevelProblem({
      upper: { importance: perSample(Tensor.zeros([12]), 'train') },
      lower: { b: Tensor.zeros([]) },
      feeds: { train: given },
      f: ({ v }) => v.b as Node,
      g: ({ v }) => v.b as Node,
    });
  t.notThrows(state(feed({ x }, { batch: 3 })));
  t.notThrows(state(feed({ x })));
  t.notThrows(state(feed({ x, y }, { sampler: samplers.episodes(few) })));
  const message =
    /rows of importance belong to samples of the feed train, whose sampler \(.*\) may draw a sample twice/;
  t.throws(state(feed({ x }, { batch: 3, sampler: samplers.weighted(new Array(12).fill(1)) })), {
    code: 'INVALID_ARGUMENT',
    message,
  });
  t.throws(state(feed({ x, y }, { sampler: samplers.episodes({ ...few, tasks: 2 }) })), {
    code: 'INVALID_ARGUMENT',
    message,
  });
});
