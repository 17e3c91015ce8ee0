import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import test, { type ExecutionContext } from 'ava';
import { BilevelError } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';
import { type DType, elementCount, type Shape } from '../../lib/tensor.js';
import { formatGraph } from '../support/graph/format-graph.js';
import { drawInputs, inputNodes, type OpCase, opCases } from './op-cases/index.js';

/** The elements of a constant expression. */
function elements(node: g.Node): number[] {
  return [...(g.evaluate([node])[0] ?? [])];
}

function vector(values: readonly number[], dtype: DType = 'float32'): g.Node {
  return g.constant(values, [values.length], dtype);
}

function matrix(rows: readonly (readonly number[])[]): g.Node {
  return g.constant(rows.flat(), [rows.length, rows[0]?.length ?? 0]);
}

function near(t: ExecutionContext, actual: readonly number[], expected: readonly number[], tolerance = 1e-14): void {
  t.is(actual.length, expected.length);
  actual.forEach((value, index) => {
    const wanted = Number(expected[index]);
    const error = Math.abs(value - wanted);
    t.true(Object.is(value, wanted) || error <= tolerance * Math.max(1, Math.abs(wanted)), `${value} is not ${wanted}`);
  });
}

// Values of the error function from its tables (Abramowitz and Stegun, table 7.1) and its symmetry.
const erfTable: readonly (readonly [number, number])[] = [
  [0, 0],
  [0.1, 0.1124629160182849],
  [0.5, 0.5204998778130465],
  [1, 0.8427007929497149],
  [2, 0.9953222650189527],
  [3, 0.9999779095030014],
  [-1, -0.8427007929497149],
  [10, 1],
  [-10, -1],
];

test('erf is exact to float64', (t) => {
  near(
    t,
    elements(g.erf(vector(erfTable.map(([x]) => x)))),
    erfTable.map(([, y]) => y),
    4e-16,
  );
  t.true(Number.isNaN(elements(g.erf(Number.NaN))[0]));
});

test('functions of one real', (t) => {
  const xs = [-2, -0.3, 0, 0.7, 3];
  const one = (node: (x: g.Operand) => g.Node, f: (x: number) => number) =>
    near(t, elements(node(vector(xs))), xs.map(f));
  one(g.neg, (x) => 0 - x);
  one(g.exp, Math.exp);
  one(g.tanh, Math.tanh);
  one(g.sin, Math.sin);
  one(g.cos, Math.cos);
  one(g.sigmoid, (x) => 1 / (1 + Math.exp(-x)));
  one(g.softplus, (x) => Math.log(1 + Math.exp(x)));
  t.deepEqual(elements(g.relu(vector(xs))), [0, 0, 0, 0.7, 3]);
  t.deepEqual(elements(g.abs(vector(xs))), [2, 0.3, 0, 0.7, 3]);
  t.deepEqual(elements(g.sign(vector(xs))), [-1, -1, 0, 1, 1]);
  t.deepEqual(elements(g.log(vector([1, Math.E, 0]))), [0, 1, -Infinity]);
  t.deepEqual(elements(g.sqrt(vector([0, 2.25]))), [0, 1.5]);
});

test('sigmoid and softplus do not overflow', (t) => {
  t.deepEqual(elements(g.sigmoid(vector([-1000, 1000]))), [0, 1]);
  t.deepEqual(elements(g.softplus(vector([-1000, 1000]))), [0, 1000]);
});

test('rounding', (t) => {
  const xs = vector([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.3, -0.7, 1e300]);
  near(t, elements(g.round(xs)), [-2, -2, -0, 0, 2, 2, 0, -1, 1e300]);
  near(t, elements(g.floor(xs)), [-3, -2, -1, 0, 1, 2, 0, -1, 1e300]);
  near(t, elements(g.ceil(xs)), [-2, -1, -0, 1, 2, 3, 1, -0, 1e300]);
});

test('NaN passes through relu, maximum, reduceMax and argMax', (t) => {
  const xs = vector([1, Number.NaN, 2]);
  t.deepEqual(elements(g.relu(xs)), [1, Number.NaN, 2]);
  t.deepEqual(elements(g.maximum(xs, 1.5)), [1.5, Number.NaN, 2]);
  t.deepEqual(elements(g.minimum(1.5, xs)), [1, Number.NaN, 1.5]);
  t.deepEqual(elements(g.reduceMax(xs)), [Number.NaN]);
  t.deepEqual(elements(g.argMax(xs, 0)), [1]);
});

for (const dtype of ['int32', 'int64'] as const) {
  test(`${dtype} arithmetic`, (t) => {
    const a = vector([7, -7, 7, -7, 5], dtype);
    const b = vector([2, 2, -2, -2, 0], dtype);
    t.deepEqual(elements(g.div(a, b)), [3, -3, -3, 3, 0]);
    t.deepEqual(elements(g.mul(a, b)), [14, -14, -14, 14, 0]);
    t.deepEqual(elements(g.sub(a, 1)), [6, -8, 6, -8, 4]);
    t.is(g.sub(a, 1).dtype, dtype);
    t.deepEqual(elements(g.maximum(a, b)), [7, 2, 7, -2, 5]);
    t.deepEqual(elements(g.sign(a)), [1, -1, 1, -1, 1]);
    t.deepEqual(elements(g.greaterEqual(a, b)), [1, 0, 1, 0, 1]);
  });
}

test('int32 wraps', (t) => {
  const big = vector([2 ** 31 - 1, -(2 ** 31)], 'int32');
  t.deepEqual(elements(g.add(big, vector([1, -1], 'int32'))), [-(2 ** 31), 2 ** 31 - 1]);
  t.deepEqual(elements(g.mul(big, big)), [1, 0]);
  t.deepEqual(elements(g.neg(big)), [-(2 ** 31) + 1, -(2 ** 31)]);
  t.deepEqual(elements(g.abs(big)), [2 ** 31 - 1, -(2 ** 31)]);
});

test('conversions', (t) => {
  const xs = vector([-1.9, -0.5, 0, 0.5, 3.99, Number.NaN]);
  near(t, elements(g.cast(xs, 'int32')), [-1, 0, 0, 0, 3, 0]);
  near(t, elements(g.cast(xs, 'int64')), [-1, 0, 0, 0, 3, 0]);
  t.deepEqual(elements(g.cast(xs, 'bool')), [1, 1, 0, 1, 1, 1]);
  t.deepEqual(elements(g.cast(vector([2 ** 40 + 5, -(2 ** 31) - 1], 'int64'), 'int32')), [5, 2 ** 31 - 1]);
  // Beyond 64 bits a real saturates; what is stored as int32 are the low bits of that.
  t.deepEqual(elements(g.cast(vector([1e30, -1e30]), 'int64')), [2 ** 63, -(2 ** 63)]);
  t.deepEqual(elements(g.cast(vector([1e30, -1e30, Infinity]), 'int32')), [-1, 0, -1]);
  t.deepEqual(elements(g.cast(vector([0, 1], 'bool'), 'float32')), [0, 1]);
});

test('logic', (t) => {
  const a = vector([0, 0, 1, 1], 'bool');
  const b = vector([0, 1, 0, 1], 'bool');
  t.deepEqual(elements(g.and(a, b)), [0, 0, 0, 1]);
  t.deepEqual(elements(g.or(a, b)), [0, 1, 1, 1]);
  t.deepEqual(elements(g.not(a)), [1, 1, 0, 0]);
  t.deepEqual(elements(g.equal(a, b)), [1, 0, 0, 1]);
  t.deepEqual(elements(g.notEqual(a, b)), [0, 1, 1, 0]);
  t.deepEqual(elements(g.where(a, vector([1, 2, 3, 4]), -1)), [-1, -1, 3, 4]);
});

test('comparisons and powers of reals', (t) => {
  const a = vector([1, 2, 3]);
  t.deepEqual(elements(g.less(a, 2)), [1, 0, 0]);
  t.deepEqual(elements(g.lessEqual(a, 2)), [1, 1, 0]);
  t.deepEqual(elements(g.greater(a, 2)), [0, 0, 1]);
  t.deepEqual(elements(g.greaterEqual(a, 2)), [0, 1, 1]);
  t.deepEqual(elements(g.pow(a, 3)), [1, 8, 27]);
  t.deepEqual(elements(g.pow(2, a)), [2, 4, 8]);
  t.deepEqual(elements(g.div(a, 0)), [Infinity, Infinity, Infinity]);
});

test('broadcasting aligns the last axes', (t) => {
  const rows = matrix([[1], [2]]);
  const columns = vector([10, 20, 30]);
  t.deepEqual(elements(g.add(rows, columns)), [11, 21, 31, 12, 22, 32]);
  t.deepEqual(elements(g.broadcastTo(rows, [2, 2, 2])), [1, 1, 2, 2, 1, 1, 2, 2]);
});

test('moving elements', (t) => {
  const x = matrix([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  t.deepEqual(elements(g.reshape(x, [3, 2])), [1, 2, 3, 4, 5, 6]);
  t.deepEqual(elements(g.transpose(x)), [1, 4, 2, 5, 3, 6]);
  t.deepEqual(elements(g.transpose(g.reshape(g.iota(8), [2, 2, 2]), [1, 2, 0])), [0, 4, 1, 5, 2, 6, 3, 7]);
  t.deepEqual(elements(g.slice(x, { starts: [1, 0], limits: [2, 3], strides: [1, 2] })), [4, 6]);
  t.deepEqual(elements(g.pad(vector([1, 2]), { low: [1], high: [2], interior: [1] })), [0, 1, 0, 2, 0, 0]);
  t.deepEqual(elements(g.pad(x, { low: [0, 1], high: [1, 0] })), [0, 1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0]);
  t.deepEqual(elements(g.concat([x, matrix([[7], [8]])], 1)), [1, 2, 3, 7, 4, 5, 6, 8]);
});

test('reductions', (t) => {
  const x = matrix([
    [1, 5, 3],
    [4, 2, 6],
  ]);
  t.deepEqual(elements(g.reduceSum(x)), [21]);
  t.deepEqual(elements(g.reduceSum(x, [0])), [5, 7, 9]);
  t.deepEqual(elements(g.reduceSum(x, [1], { keepDims: true })), [9, 12]);
  t.deepEqual(g.reduceSum(x, [1], { keepDims: true }).shape, [2, 1]);
  t.deepEqual(elements(g.reduceMax(x, [-1])), [5, 6]);
  t.deepEqual(elements(g.argMax(x, 1)), [1, 2]);
  t.deepEqual(
    elements(
      g.argMax(
        matrix([
          [2, 2],
          [1, 1],
        ]),
        1,
      ),
    ),
    [0, 0],
  );
  t.deepEqual(elements(g.reduceSum(g.zeros([2, 0]), [1])), [0, 0]);
  t.deepEqual(elements(g.reduceMax(g.zeros([2, 0]), [1])), [-Infinity, -Infinity]);
});

test('indexing', (t) => {
  const x = matrix([
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  const indices = vector([2, 0, 2], 'int64');
  t.deepEqual(elements(g.gather(x, indices)), [5, 6, 1, 2, 5, 6]);
  t.deepEqual(elements(g.gather(x, g.constant([1, 0], [2, 1], 'int32'), 1)), [2, 1, 4, 3, 6, 5]);
  t.deepEqual(elements(g.scatterAdd(x, indices, { axis: 0, size: 3 })), [3, 4, 0, 0, 6, 8]);
  t.deepEqual(elements(g.gatherElements(x, g.constant([1, 0, 1], [3, 1], 'int32'))), [2, 3, 6]);
  const positions = g.constant([0, 0, 1, 0, 1, 1], [3, 2], 'int64');
  t.deepEqual(elements(g.scatterAddElements(x, positions, { size: 2 })), [3, 0, 4, 3, 0, 11]);
  t.deepEqual(elements(g.setRows(g.zeros([4, 2]), indices, x)), [3, 4, 0, 0, 5, 6, 0, 0]);
});

const rowsOf = (indices: readonly number[], extents: readonly number[]): g.SparseNodes => ({
  values: vector(indices.map((_, entry) => entry + 1)),
  indices: g.constant([...indices], [indices.length], 'int32'),
  extents: g.constant([...extents], [extents.length / 2, 2], 'int32'),
});

test('rows of a sparse matrix are any runs of entries', (t) => {
  // Rows (2, 0, 3), (0, 0, 0) and (0, 5, 0), whose entries of column 1 add up.
  const rows = rowsOf([0, 2, 1, 1], [0, 2, 4, 0, 2, 2]);
  const values = g.constant([2, 3, 1, 4], [4]);
  const x = g.constant([1, 2, 3, 4, 5, 6], [3, 2]);
  t.deepEqual(elements(g.sparseMatmul({ ...rows, values }, x)), [17, 22, 0, 0, 15, 20]);
  t.deepEqual(elements(g.sparseMatmul({ ...rows, values }, x, { transpose: true, size: 3 })), [2, 4, 25, 30, 3, 6]);
  t.deepEqual(elements(g.sampledMatmul(rows, x, x)), [5, 17, 39, 39]);
});

for (const [what, rows] of Object.entries({
  'an index': rowsOf([0, 3, 1, 1], [1, 2]),
  'a negative index': rowsOf([0, -1, 1, 1], [0, 4]),
  'a beginning': rowsOf([0, 2, 1, 1], [-1, 2]),
  'an end': rowsOf([0, 2, 1, 1], [3, 2]),
  'a length': rowsOf([0, 2, 1, 1], [3, -1]),
})) {
  test(`${what} of a sparse row is out of range`, (t) => {
    const [x, ofRows] = [g.zeros([3, 2]), g.zeros([1, 2])];
    for (const node of [
      g.sparseMatmul(rows, x),
      g.sparseMatmul(rows, ofRows, { transpose: true, size: 3 }),
      g.sampledMatmul(rows, ofRows, x),
    ]) {
      t.throws(() => g.evaluate([node]), { code: 'INDEX_OUT_OF_RANGE' }, node.op);
    }
  });
}

for (const index of [-1, 3]) {
  test(`the index ${index} is out of range`, (t) => {
    const x = g.zeros([3, 3]);
    const list = vector([index], 'int64');
    const column = g.constant([0, index, 0], [3, 1], 'int64');
    for (const node of [
      g.gather(x, list),
      g.scatterAdd(g.zeros([1, 3]), list, { axis: 0, size: 3 }),
      g.gatherElements(x, column),
      g.scatterAddElements(g.zeros([3, 1]), column, { size: 3 }),
      g.setRows(x, list, g.zeros([1, 3])),
    ]) {
      t.is(t.throws(() => g.evaluate([node]), { instanceOf: BilevelError })?.code, 'INDEX_OUT_OF_RANGE', node.op);
    }
  });
}

test('matrix products with every pair of flags', (t) => {
  const a = matrix([
    [1, 2, 3],
    [4, 5, 6],
  ]);
  const b = matrix([
    [1, 0],
    [2, 1],
    [0, 3],
  ]);
  for (const transposeA of [false, true]) {
    for (const transposeB of [false, true]) {
      const left = transposeA ? g.transpose(a) : a;
      const right = transposeB ? g.transpose(b) : b;
      t.deepEqual(elements(g.matmul(left, right, { transposeA, transposeB })), [5, 11, 14, 23]);
    }
  }
});

test('pooling', (t) => {
  const x = g.reshape(g.cast(g.iota(16), 'float32'), [1, 1, 4, 4]);
  const halves = { kernel: [2, 2], strides: [2, 2] };
  t.deepEqual(elements(g.maxPoolIndices(x, halves)), [5, 7, 13, 15]);
  t.deepEqual(elements(g.maxPool(g.sub(0, x), halves)), [0, -2, -8, -10]);
  t.deepEqual(elements(g.averagePool(x, halves)), [2.5, 4.5, 10.5, 12.5]);
  const padded = { kernel: [3], strides: [2], padding: [[1, 1]] as const };
  const row = g.constant([3, 6, 9, 12], [1, 1, 4]);
  t.deepEqual(elements(g.averagePool(row, padded)), [4.5, 9]);
  t.deepEqual(elements(g.averagePool(row, { ...padded, countIncludePad: true })), [3, 9]);
  // A third window that starts inside x and runs beyond the padding: those cells never count.
  const ceil = { ...padded, outputSize: [3], countIncludePad: true };
  t.deepEqual(elements(g.averagePool(row, ceil)), [3, 9, 6]);
  t.deepEqual(elements(g.maxPool(row, { ...padded, outputSize: [3] })), [6, 12, 12]);
});

test('randomUniform is Philox4x32-10', (t) => {
  // Known answers of the generator's authors: counter 0 and key 0; here the words' upper 24 bits are seen.
  const words = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8];
  const zeroKey = g.constant([0, 0], [2], 'int32');
  t.deepEqual(
    elements(g.randomUniform(zeroKey, [4])),
    words.map((word) => (word >>> 8) / 2 ** 24),
  );
  const values = elements(g.randomUniform(g.constant([-5, 7], [2], 'int32'), [4096]));
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  t.true(Math.abs(mean - 0.5) < 0.02);
  t.true(values.every((value) => value >= 0 && value < 1));
  t.true(new Set(values).size > 4000);
});

/** An index of a nested loop over a shape, as one list of positions after the other. */
function* positionsOf(shape: Shape): Generator<number[]> {
  for (let flat = 0; flat < elementCount(shape); flat++) {
    let rest = flat;
    yield shape
      .toReversed()
      .map((size) => {
        const position = rest % size;
        rest = Math.floor(rest / size);
        return position;
      })
      .reverse();
  }
}

function flatten(position: readonly number[], shape: Shape): number {
  return position.reduce((flat, index, axis) => flat * Number(shape[axis]) + index, 0);
}

function convAttributes(node: g.Node) {
  if (g.isOp(node, 'conv')) return node.attributes;
  throw new Error(`${node.op} is not a convolution`);
}

/** y[b, o, p] = sum of x[b, c, s p + d k - low] w[o, c, k], element by element from the definition. */
function convolve(node: g.Node, x: Float64Array, w: Float64Array): number[] {
  const { strides, dilations, padding, groups } = convAttributes(node);
  const [xShape, wShape] = node.inputs.map(({ shape }) => shape) as [Shape, Shape];
  const perGroup = Number(wShape[0]) / groups;
  return Array.from(positionsOf(node.shape), ([batch = 0, filter = 0, ...window]) => {
    let sum = 0;
    for (const [channel = 0, ...tap] of positionsOf(wShape.slice(1))) {
      const cell = window.map((p, axis) => {
        return p * Number(strides[axis]) + Number(tap[axis]) * Number(dilations[axis]) - Number(padding[axis]?.[0]);
      });
      if (!cell.every((index, axis) => index >= 0 && index < Number(xShape[axis + 2]))) continue;
      const from = [batch, Math.floor(filter / perGroup) * Number(wShape[1]) + channel, ...cell];
      sum += Number(x[flatten(from, xShape)]) * Number(w[flatten([filter, channel, ...tap], wShape)]);
    }
    return sum;
  });
}

function casesOf(op: g.OpName): OpCase[] {
  return opCases.filter((row) => row.op === op);
}

for (const row of casesOf('conv')) {
  test(`conv follows its definition: ${row.name}`, (t) => {
    const inputs = inputNodes(row);
    const [x, w] = drawInputs(row, 1) as [Float64Array, Float64Array];
    const node = row.build(...inputs);
    const [y] = g.evaluate([node], new Map(inputs.map((input, index) => [input, index === 0 ? x : w])));
    near(t, [...(y ?? [])], convolve(node, x, w), 1e-13);
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  return a.reduce((sum, value, index) => sum + value * Number(b[index]), 0);
}

for (const { name } of casesOf('conv')) {
  test(`the gradients of conv are its transposes: ${name}`, (t) => {
    const [forward, toInput, toFilter] = (['conv', 'convInputGradient', 'convFilterGradient'] as const).map((op) => {
      const row = casesOf(op).find((each) => each.name === name);
      if (row === undefined) throw new Error(`${op} has no case ${name}`);
      return row;
    }) as [OpCase, OpCase, OpCase];
    const [x, w] = drawInputs(forward, 1) as [Float64Array, Float64Array];
    const [y] = drawInputs(toInput, 2) as [Float64Array];
    const apply = (row: OpCase, ...values: Float64Array[]): Float64Array => {
      const inputs = inputNodes(row);
      const feeds = new Map(inputs.map((input, index) => [input, values[index] ?? new Float64Array()]));
      return g.evaluate([row.build(...inputs)], feeds)[0] ?? new Float64Array();
    };
    const expected = dot(apply(forward, x, w), y);
    near(t, [dot(apply(toInput, y, w), x), dot(apply(toFilter, x, y), w)], [expected, expected], 1e-12);
  });
}

test('feeds replace nodes, results are independent copies', (t) => {
  const x = g.input('x', [2]);
  const y = g.add(x, 1);
  const feed = Float64Array.of(10, 20);
  const [same, next] = g.evaluate([y, g.mul(y, 2)], new Map([[y, feed]]));
  t.deepEqual([...(next ?? [])], [20, 40]);
  same?.fill(0);
  t.deepEqual([...feed], [10, 20]);
});

test('a missing or wrong feed is an error', (t) => {
  const x = g.input('weights', [2]);
  const missing = t.throws(() => g.evaluate([g.neg(x)]), { instanceOf: BilevelError });
  t.is(missing?.code, 'INVALID_ARGUMENT');
  t.regex(missing?.message ?? '', /weights/);
  const wrong = t.throws(() => g.evaluate([x], new Map([[x, Float64Array.of(1)]])), { instanceOf: BilevelError });
  t.is(wrong?.code, 'SHAPE_MISMATCH');
});

test('builders leave out what changes nothing', (t) => {
  const x = g.input('x', [2, 3]);
  t.is(g.reshape(x, [2, 3]), x);
  t.is(g.broadcastTo(x, [2, 3]), x);
  t.is(g.transpose(x, [0, 1]), x);
  t.is(g.cast(x, 'float32'), x);
  t.is(g.reduceSum(x, []), x);
  t.is(g.concat([x], 0), x);
});

test('what is given to a builder can change afterwards', (t) => {
  const strides = [1, 1];
  const values = [1, 2];
  const node = g.conv(g.zeros([1, 1, 4, 4]), g.zeros([1, 1, 2, 2]), { strides });
  const two = g.constant(values);
  strides[0] = 9;
  values[0] = 9;
  t.deepEqual(convAttributes(node).strides, [1, 1]);
  t.deepEqual(elements(two), [1, 2]);
});

test('a graph is listed line by line', (t) => {
  const x = g.input('x', [2, 3]);
  const listing = formatGraph([g.reduceSum(g.mul(x, 2), [1])]);
  t.is(
    listing.replace(/%\d+/g, '%'),
    [
      '% = input() name=x, dtype=float32, shape=[2, 3] : float32[2, 3]',
      '% = constant() dtype=float32, shape=[], data=[2] : float32[]',
      '% = mul(%, %) : float32[2, 3]',
      '% = reduceSum(%) axes=[1] : float32[2]',
    ].join('\n'),
  );
});

test('values that nothing reads any more are dropped while others are computed', (t) => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  const count = 2 ** 19;
  const [length, bytes] = [30, 8 * count];
  let node = g.constant(new Float64Array(count), [count]);
  for (let step = 0; step < length; step++) node = g.sin(node);
  gc();
  const { arrayBuffers } = process.memoryUsage();
  let most = 0;
  g.evaluateChanged([node], new Map(), (_node, value) => {
    gc();
    most = Math.max(most, process.memoryUsage().arrayBuffers - arrayBuffers);
    return value;
  });
  t.true(most >= bytes && most < 5 * bytes, `${most / bytes} of ${length} values are alive`);
});
