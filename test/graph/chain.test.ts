import test from 'ava';
import * as all from '../../lib/graph/index.js';

const graph = { ...all };
const { constant, evaluate, input } = graph;
type Node = all.Node;

const x = constant([0.5, -1, 2, 3, -0.25, 1], [2, 3]);
const w = constant([1, 2, 3, 4, 5, 6], [3, 2]);
const rows = constant([1, 0, 1], [3], 'int64');

/** What is written behind x, and the same by functions. */
const pairs: Readonly<Record<string, readonly [chained: Node, called: Node]>> = {
  ...Object.fromEntries(
    (
      [
        'add',
        'sub',
        'mul',
        'div',
        'maximum',
        'minimum',
        'less',
        'lessEqual',
        'greater',
        'greaterEqual',
        'equal',
      ] as const
    ).map((name) => [name, [x[name](2), graph[name](x, 2)]] as const),
  ),
  ...Object.fromEntries(
    (['neg', 'abs', 'exp', 'square', 'tanh', 'sigmoid', 'relu', 'gelu', 'softplus', 'stopGradient'] as const).map(
      (name) => [name, [x[name](), graph[name](x)]] as const,
    ),
  ),
  ...Object.fromEntries(
    (['log', 'sqrt'] as const).map((name) => [name, [x.abs()[name](), graph[name](graph.abs(x))]] as const),
  ),
  pow: [x.abs().pow(1.5), graph.pow(graph.abs(x), 1.5)],
  clip: [x.clip(-0.5, 1), graph.clip(x, -0.5, 1)],
  cast: [x.cast('int32'), graph.cast(x, 'int32')],
  matmul: [x.matmul(x, { transposeB: true }), graph.matmul(x, x, { transposeB: true })],
  sum: [x.sum([1], { keepDims: true }), graph.reduceSum(x, [1], { keepDims: true })],
  max: [x.max([0]), graph.reduceMax(x, [0])],
  mean: [x.mean(), graph.mean(x)],
  norm: [x.norm([1]), graph.norm(x, [1])],
  argMax: [x.argMax(1), graph.argMax(x, 1)],
  softmax: [x.softmax(0), graph.softmax(x, 0)],
  logSoftmax: [x.logSoftmax(), graph.logSoftmax(x)],
  reshape: [x.reshape([3, -1]), graph.reshape(x, [3, 2])],
  transpose: [x.transpose(), graph.transpose(x)],
  broadcastTo: [x.broadcastTo([4, 2, 3]), graph.broadcastTo(x, [4, 2, 3])],
  expandDims: [x.expandDims([0]), graph.expandDims(x, [0])],
  gather: [x.gather(rows, 0), graph.gather(x, rows, 0)],
};

test('what is written behind a node is the function of its name, with the node first', async (t) => {
  const named = Object.getOwnPropertyNames(Object.getPrototypeOf(x)).filter((name) => name !== 'constructor');
  t.deepEqual(named.toSorted(), Object.keys(pairs).toSorted());
  for (const [name, [chained, called]] of Object.entries(pairs)) {
    const [ours, theirs] = await evaluate([chained, called]);
    t.deepEqual([chained.dtype, chained.shape, ours], [called.dtype, called.shape, theirs], name);
    t.not(chained, x);
  }
});

test('a cost reads from left to right', async (t) => {
  const [cost] = await evaluate([x.matmul(w).add(1).relu().sum([1]).mean()]);
  const [expected] = await evaluate([graph.mean(graph.reduceSum(graph.relu(graph.add(graph.matmul(x, w), 1)), [1]))]);
  t.deepEqual(cost, expected);
  t.throws(() => x.matmul(x), { code: 'SHAPE_MISMATCH', message: /matmul/ });
});

test('one size of a shape may be what the others leave', (t) => {
  const batch = input('x', [8, 3, 4]);
  t.deepEqual(batch.reshape([8, -1]).shape, [8, 12]);
  t.deepEqual(batch.reshape([-1]).shape, [96]);
  t.is(batch.reshape([8, -1, 4]), batch);
  for (const shape of [
    [-1, -1],
    [5, -1],
    [0, -1],
  ]) {
    t.throws(() => batch.reshape(shape), {
      code: 'INVALID_ARGUMENT',
      message: /one -1 at most, beside sizes that divide 96 elements/,
    });
  }
  t.throws(() => batch.reshape([-2, 48]));
});
