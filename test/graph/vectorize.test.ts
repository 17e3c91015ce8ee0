import test from 'ava';
import { BilevelError, type ErrorCode } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';
import { elementCount } from '../../lib/tensor.js';
import { worstError } from '../support/engine/run-native.js';
import { evaluateEach, type Points, stackPoints } from '../support/graph/points.js';
import { drawInputs, indices, inputNodes, type OpCase, opCases, real } from './op-cases/index.js';

const count = 3;

/** Every choice of operands that is not empty. */
function subsets(operands: readonly g.Node[]): (readonly g.Node[])[] {
  const choices = Array.from({ length: 2 ** operands.length }, (_, bits) =>
    operands.filter((_, index) => (bits >> index) % 2 === 1),
  );
  return choices.slice(1);
}

/** Values of a case's operands at every point; the operands that are not stacked keep those of the first. */
function drawPoints(row: OpCase, operands: readonly g.Node[], stacked: readonly g.Node[]): Points {
  const draws = Array.from({ length: count }, (_, point) => drawInputs(row, point + 1));
  return {
    shared: new Map(operands.map((node, index) => [node, draws[0]?.[index] ?? new Float64Array()])),
    stacked: new Map(
      stacked.map((node) => [node, draws.map((draw) => draw[operands.indexOf(node)] ?? new Float64Array())]),
    ),
  };
}

const rows = opCases.filter(({ inputs }) => inputs.length > 0);

for (const [position, row] of rows.entries()) {
  test(`${row.op}, ${row.name}: any operands stacked give what each point gives alone (${position})`, (t) => {
    const operands = inputNodes(row);
    const node = row.build(...operands);
    for (const stacked of subsets(operands)) {
      const label = stacked.map((each) => `x${operands.indexOf(each)}`).join(', ');
      const points = drawPoints(row, operands, stacked);
      const { nodes, feeds } = stackPoints(points);
      const [vectorized] = g.vectorize([node], nodes, count) as [g.Node];
      t.deepEqual(vectorized.shape, [count, ...node.shape], label);
      t.is(vectorized.dtype, node.dtype, label);
      const [actual] = g.evaluate([vectorized], feeds) as [Float64Array];
      const [expected] = evaluateEach([node], points, count) as [Float64Array];
      const error = worstError(actual, expected);
      t.true(node.dtype === 'float32' ? error <= 1e-12 : error === 0, `${label}: error ${error}`);
    }
  });
}

/** The primitives that are computed, in the order of their creation. */
const opsOf = (roots: readonly g.Node[]) => g.topologicalOrder(roots).map(({ op }) => op);

test('what depends on no stacked node is shared, and broadcast as a root', (t) => {
  const [x, y] = [g.input('x', [2]), g.input('y', [2])];
  const shared = g.exp(y);
  const stacked = g.input('xs', [count, 2]);
  const [sum, alone] = g.vectorize([g.add(x, shared), shared], new Map([[x, stacked]]), count) as [g.Node, g.Node];
  t.deepEqual(sum.inputs, [stacked, shared]);
  t.is(alone.op, 'broadcastTo');
  t.deepEqual(alone.inputs, [shared]);
  t.deepEqual(alone.shape, [count, 2]);
});

test('a computed node is stacked in place of its own computation', (t) => {
  const x = g.input('x', [2]);
  const middle = g.exp(x);
  const [xs, middles] = [g.input('xs', [count, 2]), g.input('middles', [count, 2])];
  const stacked = new Map<g.Node, g.Node>([
    [x, xs],
    [middle, middles],
  ]);
  const [root, itself] = g.vectorize([g.add(middle, x), middle], stacked, count) as [g.Node, g.Node];
  t.deepEqual(root.inputs, [middles, xs]);
  t.is(itself, middles);
});

test('vectorized twice: a grid of points', (t) => {
  const [x, y] = [g.input('x', []), g.input('y', [])];
  const [xs, ys] = [g.input('xs', [2]), g.input('ys', [count])];
  const lines = g.vectorize([g.pow(x, y)], new Map([[x, xs]]), 2);
  const [grid] = g.vectorize(lines, new Map([[y, ys]]), count) as [g.Node];
  const feeds = new Map([
    [xs, Float64Array.of(2, 3)],
    [ys, Float64Array.of(1, 2, 3)],
  ]);
  t.deepEqual([...(g.evaluate([grid], feeds)[0] ?? [])], [2, 3, 4, 9, 8, 27]);
});

for (const [m, k, n] of [
  [3, 4, 5],
  [9, 2, 2],
] as const) {
  test(`rows of all points go through one product, ${m} x ${k} x ${n}`, (t) => {
    const [a, b] = [g.input('a', [m, k]), g.input('b', [k, n])];
    const stacked = g.input('as', [count, m, k]);
    const [product] = g.vectorize([g.matmul(a, b)], new Map([[a, stacked]]), count) as [g.Node];
    t.deepEqual(opsOf([product]), ['input', 'input', 'reshape', 'matmul', 'reshape']);
  });
}

test('a product copies the smaller of what it could copy', (t) => {
  const product = (m: number, k: number, n: number) => {
    const [a, b] = [g.input('a', [m, k]), g.input('b', [k, n])];
    return opsOf(g.vectorize([g.matmul(a, b)], new Map([[b, g.input('bs', [count, k, n])]]), count));
  };
  t.false(product(200, 784, 10).includes('broadcastTo'));
  t.true(product(1, 784, 10).includes('broadcastTo'));
});

test('convolutions repeat no operand', (t) => {
  for (const row of rows.filter(({ op }) => op.startsWith('conv'))) {
    const operands = inputNodes(row);
    for (const stacked of subsets(operands)) {
      const nodes = new Map(stacked.map((node) => [node, g.input('stacked', [count, ...node.shape])]));
      t.false(opsOf(g.vectorize([row.build(...operands)], nodes, count)).includes('broadcastTo'), row.name);
    }
  }
});

const indexedCases: readonly OpCase[] = [
  { op: 'gather', name: 'rows', inputs: [real([5, 2]), indices([1], 5)], build: (x, i) => g.gather(x, i) },
  {
    op: 'scatterAdd',
    name: 'rows',
    inputs: [real([1, 2]), indices([1], 5)],
    build: (x, i) => g.scatterAdd(x, i, { axis: 0, size: 5 }),
  },
  {
    op: 'setRows',
    name: 'rows',
    inputs: [real([5, 2]), indices([1], 5), real([1, 2])],
    build: g.setRows,
  },
];

for (const row of indexedCases) {
  test(`${row.op}: an index outside its own axis does not reach another point`, (t) => {
    const operands = inputNodes(row);
    const { nodes, feeds } = stackPoints(drawPoints(row, operands, operands));
    const vectorized = g.vectorize([row.build(...operands)], nodes, count);
    const stacked = nodes.get(operands[1] as g.Node) as g.Node;
    t.is(g.evaluate(vectorized, feeds)[0]?.length, elementCount(vectorized[0]?.shape ?? []));
    for (const outside of [
      [5, 0, 0],
      [0, -1, 0],
    ]) {
      const wrong = new Map(feeds).set(stacked, Float64Array.from(outside));
      t.throws(() => g.evaluate(vectorized, wrong), { code: 'INDEX_OUT_OF_RANGE' });
    }
  });
}

test('sparseMatmul: a row outside its own entries does not reach those of another point', (t) => {
  const [values, extents, x] = [g.input('v', [4]), g.input('e', [1, 2], 'int32'), g.input('x', [3, 1])];
  const rows = { values, indices: g.constant([0, 1, 2, 0], [4], 'int32'), extents };
  const [all, where] = [g.input('vs', [count, 4]), g.input('es', [count, 1, 2], 'int32')];
  const stacked = new Map<g.Node, g.Node>([
    [values, all],
    [extents, where],
  ]);
  const vectorized = g.vectorize([g.sparseMatmul(rows, x)], stacked, count);
  const evaluate = (first: readonly number[]) => {
    const feeds = new Map<g.Node, Float64Array>([
      [all, Float64Array.from({ length: 4 * count }, (_, entry) => entry)],
      [where, Float64Array.from([...first, ...new Array(count - 1).fill([0, 1]).flat()])],
      [x, Float64Array.from([1, 10, 100])],
    ]);
    return [...(g.evaluate(vectorized, feeds)[0] ?? [])];
  };
  t.deepEqual(evaluate([1, 3]).slice(0, 2), [213, 4]);
  for (const wrong of [
    [2, 3],
    [4, 1],
    [-1, 1],
    [0, 5],
  ]) {
    t.throws(() => evaluate(wrong), { code: 'INDEX_OUT_OF_RANGE' }, String(wrong));
  }
});

test('a wrong count, and values of another type, are refused', (t) => {
  const x = g.input('x', [2]);
  const refused = (values: g.Node, points: number, code: ErrorCode) => {
    const error = t.throws(() => g.vectorize([x], new Map([[x, values]]), points), { instanceOf: BilevelError });
    t.is(error?.code, code);
  };
  for (const points of [0, -1, 1.5, Number.NaN]) refused(g.input('xs', [2, 2]), points, 'INVALID_ARGUMENT');
  refused(g.input('other count', [4, 2]), 3, 'SHAPE_MISMATCH');
  refused(g.input('without points', [2]), 2, 'SHAPE_MISMATCH');
  refused(g.input('other dtype', [3, 2], 'int32'), 3, 'SHAPE_MISMATCH');
  refused(1 as unknown as g.Node, 3, 'INVALID_ARGUMENT');
  const list = [[x, x]] as unknown as ReadonlyMap<g.Node, g.Node>;
  t.throws(() => g.vectorize([x], list, 3), { code: 'INVALID_ARGUMENT' });
});
