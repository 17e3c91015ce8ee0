import test from 'ava';
import { BilevelError } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';
import { elementCount } from '../../lib/tensor.js';
import { compareGradient } from '../support/graph/differences.js';
import { type CaseInput, drawInputs, indices, inputNodes, real } from './op-cases/index.js';

interface CompositeCase {
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  readonly build: (...inputs: g.Node[]) => g.Node;
  /** The result from the operands' elements by a plain formula. */
  readonly expected: (...values: number[][]) => number[];
}

const sum = (xs: readonly number[]) => xs.reduce((total, x) => total + x, 0);
const average = (xs: readonly number[]) => sum(xs) / xs.length;
const spread = (xs: readonly number[]) => average(xs.map((x) => (x - average(xs)) ** 2));
const normal = (xs: readonly number[]) => xs.map((x) => (x - average(xs)) / Math.sqrt(spread(xs) + 1e-5));
const item = (xs: readonly number[] | undefined, index: number) => Number(xs?.[index]);
const logistic = (x: number) => 1 / (1 + Math.exp(-x));
const eluOf = (x: number, alpha: number) => (x > 0 ? x : alpha * Math.expm1(x));
/** The normal distribution function by Simpson's rule on its density. */
function phi(x: number): number {
  const steps = 400;
  const density = (at: number) => Math.exp((-at * at) / 2) / Math.sqrt(2 * Math.PI);
  const weight = (i: number) => (i === 0 || i === steps ? 1 : i % 2 === 0 ? 2 : 4);
  const points = Array.from({ length: steps + 1 }, (_, i) => weight(i) * density((x * i) / steps));
  return 0.5 + ((x / steps) * sum(points)) / 3;
}

/** `rows` pieces of one length, in order. */
function split(xs: readonly number[], rows: number): number[][] {
  const width = xs.length / rows;
  return Array.from({ length: rows }, (_, row) => xs.slice(row * width, (row + 1) * width));
}
const byRow = (rows: number, f: (row: number[], index: number) => number[]) => (xs: number[]) =>
  split(xs, rows).flatMap(f);
/** The elements of channel c of a list laid out as [batch, channels, plane]. */
function channelOf(xs: readonly number[], batch: number, channels: number, channel: number): number[] {
  return split(xs, batch * channels).flatMap((plane, index) => (index % channels === channel ? plane : []));
}

function softmaxOf(row: readonly number[]): number[] {
  const total = sum(row.map(Math.exp));
  return row.map((x) => Math.exp(x) / total);
}

const activation = (name: string, build: (x: g.Node) => g.Node, f: (x: number) => number): CompositeCase => {
  return { name, inputs: [real([4, 5], -4, 4)], build, expected: (xs) => xs.map(f) };
};

const affine = [real([2]), real([2])];
const scaled = (xs: number[], scale: number[], bias: number[], plane: number) =>
  xs.map((x, i) => x * item(scale, Math.floor(i / plane) % 2) + item(bias, Math.floor(i / plane) % 2));

const composites: readonly CompositeCase[] = [
  activation('square', g.square, (x) => x ** 2),
  { ...activation('reciprocal', g.reciprocal, (x) => 1 / x), inputs: [real([5], 0.5, 2)] },
  activation('atan', g.atan, Math.atan),
  activation(
    'tan',
    (x) => g.tan(g.mul(x, 0.3)),
    (x) => Math.tan(0.3 * x),
  ),
  activation('sinh', g.sinh, Math.sinh),
  activation('cosh', g.cosh, Math.cosh),
  activation('asinh', g.asinh, Math.asinh),
  { ...activation('asin', g.asin, Math.asin), inputs: [real([9], -0.9, 0.9)] },
  { ...activation('acos', g.acos, Math.acos), inputs: [real([9], -0.9, 0.9)] },
  { ...activation('atanh', g.atanh, Math.atanh), inputs: [real([9], -0.9, 0.9)] },
  { ...activation('acosh', g.acosh, Math.acosh), inputs: [real([9], 1.1, 5)] },
  activation(
    'clip',
    (x) => g.clip(x, -1, 2),
    (x) => Math.min(Math.max(x, -1), 2),
  ),
  activation(
    'clip from below',
    (x) => g.clip(x, -1),
    (x) => Math.max(x, -1),
  ),
  activation(
    'clip from above',
    (x) => g.clip(x, undefined, 1),
    (x) => Math.min(x, 1),
  ),
  activation(
    'leakyRelu',
    (x) => g.leakyRelu(x, 0.2),
    (x) => (x > 0 ? x : 0.2 * x),
  ),
  activation(
    'elu',
    (x) => g.elu(x, 1.5),
    (x) => eluOf(x, 1.5),
  ),
  activation('selu', g.selu, (x) => 1.0507009873554805 * eluOf(x, 1.6732632423543772)),
  activation('gelu', g.gelu, (x) => x * phi(x)),
  activation(
    'gelu by tanh',
    (x) => g.gelu(x, 'tanh'),
    (x) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3))),
  ),
  activation('silu', g.silu, (x) => x * logistic(x)),
  activation('mish', g.mish, (x) => x * Math.tanh(Math.log(1 + Math.exp(x)))),
  activation('hardSigmoid', g.hardSigmoid, (x) => Math.min(1, Math.max(0, 0.2 * x + 0.5))),
  activation('hardSwish', g.hardSwish, (x) => x * Math.min(1, Math.max(0, x / 6 + 0.5))),
  { name: 'mean', inputs: [real([3, 4])], build: (x) => g.mean(x), expected: (xs) => [average(xs)] },
  {
    name: 'mean of rows',
    inputs: [real([3, 4])],
    build: (x) => g.mean(x, [1], { keepDims: true }),
    expected: byRow(3, (row) => [average(row)]),
  },
  {
    name: 'sumTo',
    inputs: [real([2, 3, 4])],
    build: (x) => g.sumTo(x, [3, 1]),
    expected: (xs) => [0, 1, 2].map((channel) => sum(channelOf(xs, 2, 3, channel))),
  },
  {
    name: 'logSumExp',
    inputs: [real([3, 4])],
    build: (x) => g.logSumExp(x, 1),
    expected: byRow(3, (row) => [Math.log(sum(row.map(Math.exp)))]),
  },
  {
    name: 'logSumExp of all but one axis',
    inputs: [real([2, 3, 4])],
    build: (x) => g.logSumExp(x, [0, 2], { keepDims: true }),
    expected: (xs) => [0, 1, 2].map((channel) => Math.log(sum(channelOf(xs, 2, 3, channel).map(Math.exp)))),
  },
  {
    name: 'pad with 7',
    inputs: [real([2])],
    build: (x) => g.pad(x, { low: [1], high: [2], interior: [1], value: 7 }),
    expected: ([a, b]) => [7, Number(a), 7, Number(b), 7, 7],
  },
  {
    name: 'norm',
    inputs: [real([3, 4])],
    build: (x) => g.norm(x, [1], { keepDims: true }),
    expected: byRow(3, (row) => [Math.hypot(...row)]),
  },
  { name: 'softmax', inputs: [real([3, 4])], build: (x) => g.softmax(x, 1), expected: byRow(3, softmaxOf) },
  {
    name: 'softmax of the first axis',
    inputs: [real([4, 1])],
    build: (x) => g.softmax(x, 0),
    expected: (xs) => softmaxOf(xs),
  },
  {
    name: 'logSoftmax',
    inputs: [real([3, 4])],
    build: (x) => g.logSoftmax(x, 1),
    expected: byRow(3, (row) => softmaxOf(row).map(Math.log)),
  },
  {
    name: 'crossEntropy',
    inputs: [real([5, 4]), indices([5], 4)],
    build: (x, labels) => g.crossEntropy(x, labels),
    expected: (xs, labels) => split(xs, 5).map((row, i) => -Math.log(item(softmaxOf(row), item(labels, i)))),
  },
  {
    name: 'crossEntropy of rows along two axes',
    inputs: [real([2, 3, 4]), indices([2, 3], 4)],
    build: (x, labels) => g.crossEntropy(x, labels),
    expected: (xs, labels) => split(xs, 6).map((row, i) => -Math.log(item(softmaxOf(row), item(labels, i)))),
  },
  {
    name: 'crossEntropy of a single row',
    inputs: [real([4]), indices([], 4)],
    build: (x, label) => g.crossEntropy(x, label),
    expected: (row, labels) => [-Math.log(item(softmaxOf(row), item(labels, 0)))],
  },
  {
    name: 'crossEntropy with int32 labels',
    inputs: [real([5, 4]), indices([5], 4, 'int32')],
    build: (x, labels) => g.crossEntropy(x, labels),
    expected: (xs, labels) => split(xs, 5).map((row, i) => -Math.log(item(softmaxOf(row), item(labels, i)))),
  },
  {
    name: 'crossEntropy with soft labels of rows along two axes',
    inputs: [real([2, 3, 4]), real([2, 3, 4])],
    build: (x, labels) => g.crossEntropy(x, labels),
    expected: (xs, labels) =>
      split(xs, 6).map((row, i) => -sum(softmaxOf(row).map((p, c) => item(labels, 4 * i + c) * Math.log(p)))),
  },
  {
    name: 'inner',
    inputs: [real([3]), real([]), real([3]), real([])],
    build: (a, b, c, d) => g.inner([a, b] as g.Node[], [c, d] as g.Node[]),
    expected: (a, b, c, d) => [sum(a.map((x, i) => x * item(c, i))) + item(b, 0) * item(d, 0)],
  },
  {
    name: 'sumOfSquares',
    inputs: [real([3]), real([2, 2])],
    build: (...xs) => g.sumOfSquares(xs),
    expected: (a, b) => [sum([...a, ...b].map((x) => x * x))],
  },
  {
    name: 'globalAveragePool',
    inputs: [real([2, 3, 2, 2])],
    build: g.globalAveragePool,
    expected: byRow(6, (plane) => [average(plane)]),
  },
  {
    name: 'globalMaxPool',
    inputs: [real([2, 3, 4])],
    build: g.globalMaxPool,
    expected: byRow(6, (plane) => [Math.max(...plane)]),
  },
  {
    name: 'maxPool',
    inputs: [real([2, 1, 6])],
    build: (x) => g.maxPool(x, { kernel: [2], strides: [2] }),
    expected: byRow(6, (pair) => [Math.max(...pair)]),
  },
  {
    name: 'batchNormTrain',
    inputs: [real([3, 2, 2, 2]), ...affine],
    build: (x, scale, bias) => g.batchNormTrain(x, scale, bias).output,
    expected: (xs, scale, bias) => {
      const moments = [0, 1].map((channel) => channelOf(xs, 3, 2, channel));
      const standard = split(xs, 6).flatMap((plane, index) => {
        const all = moments[index % 2] ?? [];
        return plane.map((x) => (x - average(all)) / Math.sqrt(spread(all) + 1e-5));
      });
      return scaled(standard, scale, bias, 4);
    },
  },
  {
    name: 'batchNormTrain of vectors',
    inputs: [real([4, 2]), ...affine],
    build: (x, scale, bias) => g.batchNormTrain(x, scale, bias).output,
    expected: (xs, scale, bias) => {
      const columns = [0, 1].map((channel) => normal(channelOf(xs, 4, 2, channel)));
      return scaled(
        xs.map((_, i) => item(columns[i % 2], Math.floor(i / 2))),
        scale,
        bias,
        1,
      );
    },
  },
  {
    name: 'the statistics of batchNormTrain',
    inputs: [real([3, 2, 4]), ...affine],
    build: (x, scale, bias) => {
      const { mean, variance } = g.batchNormTrain(x, scale, bias);
      return g.concat([mean, variance], 0);
    },
    expected: (xs) => {
      const channels = [0, 1].map((channel) => channelOf(xs, 3, 2, channel));
      return [...channels.map(average), ...channels.map(spread)];
    },
  },
  {
    name: 'batchNormInference',
    inputs: [real([3, 2, 4]), ...affine, real([2]), real([2], 0.5, 2)],
    build: (x, scale, bias, mean, variance) => g.batchNormInference(x, scale, bias, mean, variance, { epsilon: 0.1 }),
    expected: (xs, scale, bias, mean, variance) => {
      const channel = (i: number) => Math.floor(i / 4) % 2;
      const standard = xs.map((x, i) => (x - item(mean, channel(i))) / Math.sqrt(item(variance, channel(i)) + 0.1));
      return scaled(standard, scale, bias, 4);
    },
  },
  {
    name: 'layerNorm',
    inputs: [real([3, 4]), real([4]), real([4])],
    build: (x, scale, bias) => g.layerNorm(x, -1, scale, bias),
    expected: (xs, scale, bias) =>
      split(xs, 3).flatMap((row) => normal(row).map((x, i) => x * item(scale, i) + item(bias, i))),
  },
  {
    name: 'layerNorm over two axes without bias',
    inputs: [real([2, 3, 2]), real([3, 2])],
    build: (x, scale) => g.layerNorm(x, 1, scale),
    expected: (xs, scale) => split(xs, 2).flatMap((row) => normal(row).map((x, i) => x * item(scale, i))),
  },
  {
    name: 'instanceNorm',
    inputs: [real([3, 2, 4]), ...affine],
    build: (x, scale, bias) => g.instanceNorm(x, scale, bias),
    expected: (xs, scale, bias) => scaled(split(xs, 6).flatMap(normal), scale, bias, 4),
  },
  {
    name: 'groupNorm',
    inputs: [real([3, 2, 4]), ...affine],
    build: (x, scale, bias) => g.groupNorm(x, 1, scale, bias),
    expected: (xs, scale, bias) => scaled(split(xs, 3).flatMap(normal), scale, bias, 4),
  },
];

for (const row of composites) {
  const inputs = inputNodes(row);
  const result = row.build(...inputs);
  const drawn = drawInputs(row, 11);
  const point = new Map(inputs.map((input, index) => [input, drawn[index] ?? new Float64Array()]));
  const reals = inputs.filter(({ dtype }) => dtype === 'float32');

  test(`${row.name} is its formula`, (t) => {
    const [values] = g.evaluate([result], point);
    const expected = row.expected(...drawn.map((list) => [...list]));
    t.is(values?.length, expected.length);
    values?.forEach((value, index) => {
      t.true(Math.abs(value - item(expected, index)) < 1e-10, `${value} is not ${expected[index]}`);
    });
  });

  test(`${row.name} has first and second derivatives`, (t) => {
    const weights = Float64Array.from({ length: elementCount(result.shape) }, (_, index) => Math.cos(3 * index + 1));
    const y = g.inner([g.add(result, g.square(result))], [g.constant(weights, result.shape)]);
    const slope = g.sumOfSquares(g.gradient(y, reals));
    for (const [order, quantity] of [y, slope].entries()) {
      const { error, accepted } = compareGradient(quantity, reals, point, 12);
      t.true(error < 1e-6, `relative error ${error} of derivative ${order + 1}`);
      t.true(accepted >= 3, `only ${accepted} directions count`);
    }
  });
}

test('oneHot', (t) => {
  const node = g.oneHot(g.constant([2, 0, 5], [3], 'int64'), 3);
  t.deepEqual(node.shape, [3, 3]);
  t.deepEqual([...(g.evaluate([node])[0] ?? [])], [0, 0, 1, 1, 0, 0, 0, 0, 0]);
});

test('softmax and its relatives do not overflow', (t) => {
  const x = g.constant([1000, 0, -1000], [1, 3]);
  const [soft, logSoft, logSum] = g.evaluate([g.softmax(x), g.logSoftmax(x), g.logSumExp(x)]);
  t.deepEqual([...(soft ?? [])], [1, 0, 0]);
  t.deepEqual([...(logSoft ?? [])], [0, -1000, -2000]);
  t.deepEqual([...(logSum ?? [])], [1000]);
});

test('padding with infinity touches neither elements nor derivatives, whatever the dtype', (t) => {
  const x = g.input('x', [2]);
  const y = g.pad(x, { low: [1], high: [1], value: -Infinity });
  const [dx] = g.gradient(g.reduceMax(y), [x]) as [g.Node];
  const values = g.evaluate([y, dx], new Map([[x, Float64Array.of(3, 2)]]));
  t.deepEqual(
    values.map((each) => [...each]),
    [
      [-Infinity, 3, 2, -Infinity],
      [1, 0],
    ],
  );
  const flags = g.pad(g.constant([false, true], [2], 'bool'), { low: [1], high: [0], value: 1 });
  t.is(flags.dtype, 'bool');
  t.deepEqual([...(g.evaluate([flags])[0] ?? [])], [1, 0, 1]);
});

test('logSumExp of infinities is what they are', (t) => {
  const x = g.constant([-Infinity, -Infinity, 1, -Infinity, Infinity, 1, Number.NaN, 1], [4, 2]);
  t.deepEqual([...(g.evaluate([g.logSumExp(x)])[0] ?? [])], [-Infinity, 1, Infinity, Number.NaN]);
});

test('the norm of zeros has derivatives of 0, of first and second order', (t) => {
  const x = g.input('x', [2, 2]);
  const point = new Map([[x, Float64Array.of(0, 0, 3, -4)]]);
  const y = g.norm(x, [1]);
  const [dx] = g.gradient(g.reduceSum(y), [x]) as [g.Node];
  const [ddx] = g.gradient(g.inner([dx], [g.constant([1, 2, 3, 5], [2, 2])]), [x]) as [g.Node];
  const [length, slope, curvature] = g.evaluate([y, dx, ddx], point).map((values) => [...values]);
  t.deepEqual(length, [0, 5]);
  t.deepEqual(
    slope?.map((value) => Math.fround(value)),
    [0, 0, 0.6, -0.8].map(Math.fround),
  );
  // (w - d <d, w>) / |x| with the direction d of x.
  const along = 0.6 * 3 - 0.8 * 5;
  for (const [index, expected] of [0, 0, (3 - 0.6 * along) / 5, (5 + 0.8 * along) / 5].entries()) {
    t.true(Math.abs(item(curvature, index) - expected) < 1e-12);
  }
  t.deepEqual([...(g.evaluate([g.norm(g.constant([Number.NaN, 1]))])[0] ?? [])], [Number.NaN]);
});

test('elu of a large number has a finite derivative', (t) => {
  const x = g.input('x', []);
  const [dx] = g.gradient(g.elu(x), [x]);
  t.deepEqual([...(g.evaluate(dx === undefined ? [] : [dx], new Map([[x, Float64Array.of(1000)]]))[0] ?? [])], [1]);
});

test('dropout zeros a fraction, keeps the mean and repeats for a key', (t) => {
  const x = g.broadcastTo(2, [4000]);
  const key = g.constant([1, 2], [2], 'int32');
  const [once, again, other] = g
    .evaluate([g.dropout(x, 0.25, key), g.dropout(x, 0.25, key), g.dropout(x, 0.25, g.constant([1, 3], [2], 'int32'))])
    .map((values) => [...values]) as [number[], number[], number[]];
  t.deepEqual(once, again);
  t.notDeepEqual(once, other);
  t.true(once.every((value) => value === 0 || Math.abs(value - 2 / 0.75) < 1e-12));
  t.true(Math.abs(average(once.map((value) => Number(value === 0))) - 0.25) < 0.03);
  t.is(g.dropout(x, 0, key), x);
});

test('the derivative of dropout passes its mask only', (t) => {
  const x = g.input('x', [50]);
  const y = g.dropout(x, 0.5, g.constant([1, 2], [2], 'int32'));
  const [dx] = g.gradient(g.reduceSum(y), [x]) as [g.Node];
  const [slopes, values] = g.evaluate([dx, y], new Map([[x, new Float64Array(50).fill(3)]])) as [
    Float64Array,
    Float64Array,
  ];
  t.deepEqual(
    [...slopes],
    [...values].map((value) => value / 3),
  );
});

test('wrong use of composites', (t) => {
  const x = g.input('x', [2, 4, 3]);
  const key = g.constant([1, 2], [2], 'int32');
  const four = g.zeros([4]);
  const code = (run: () => unknown) => t.throws(run, { instanceOf: BilevelError })?.code;
  t.is(
    code(() => g.dropout(x, 1, key)),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => g.groupNorm(x, 3, four, four)),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => g.batchNormTrain(x, g.zeros([3]), four)),
    'SHAPE_MISMATCH',
  );
  t.is(
    code(() => g.crossEntropy(g.zeros([2, 3]), g.zeros([2]))),
    'SHAPE_MISMATCH',
  );
  t.is(
    code(() => g.crossEntropy(g.zeros([]), g.constant(0, [], 'int64'))),
    'SHAPE_MISMATCH',
  );
  t.is(
    code(() => g.crossEntropy(g.zeros([2, 3]), g.iota(3))),
    'SHAPE_MISMATCH',
  );
  t.is(
    code(() => g.inner([four], [])),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => g.inner([four], [x])),
    'SHAPE_MISMATCH',
  );
  t.is(
    code(() => g.softmax(x, 3)),
    'INVALID_ARGUMENT',
  );
  t.is(
    code(() => g.globalAveragePool(four)),
    'SHAPE_MISMATCH',
  );
});

test('randomNormal has the moments of the normal distribution, and repeats for a key', (t) => {
  const count = 8001;
  const draw = (key: readonly number[], shape: readonly number[]) => [
    ...(g.evaluate([g.randomNormal(g.constant(key, [2], 'int32'), shape)])[0] ?? []),
  ];
  const values = draw([3, 4], [count]);
  t.is(values.length, count);
  // The k-th power of a normal number has the mean 1 * 3 * ... * (k - 1), or 0 for odd k.
  for (const [power, expected] of [0, 1, 0, 3, 0, 15].entries()) {
    const powers = values.map((value) => value ** (power + 1));
    const error = Math.sqrt(spread(powers) / count);
    t.true(Math.abs(average(powers) - expected) < 4 * error, `power ${power + 1}: ${average(powers)}`);
  }
  // Neither neighbours nor the two numbers made of one pair depend on each other, nor do their squares.
  for (const distance of [1, Math.ceil(count / 2)]) {
    for (const f of [(x: number) => x, (x: number) => x ** 2 - 1]) {
      const products = values.slice(distance).map((value, index) => f(value) * f(item(values, index)));
      t.true(Math.abs(average(products)) < 4 * Math.sqrt(spread(products) / products.length), `distance ${distance}`);
    }
  }
  t.deepEqual(draw([3, 4], [3, 2667]), values);
  t.notDeepEqual(draw([3, 5], [3, 2667]), values);
  t.deepEqual([draw([3, 4], [0, 2]), draw([3, 4], []).length], [[], 1]);
});

test('angles have their derivatives at 0 and far out', (t) => {
  const x = g.input('x', [5]);
  const slopes = (build: (x: g.Node) => g.Node, at: number[]) => [
    ...(g.evaluate(g.gradient(g.reduceSum(build(x)), [x]), new Map([[x, Float64Array.from(at)]]))[0] ?? []),
  ];
  const points = [0, 1e-20, 1e300, -1e300, Infinity];
  t.deepEqual(slopes(g.atan, points), [1, 1, 0, 0, 0]);
  t.deepEqual(slopes(g.asinh, [0, 0, 0, 0, 0]), [1, 1, 1, 1, 1]);
  const angles = g.evaluate([g.atan(x)], new Map([[x, Float64Array.of(0, Infinity, -Infinity, 1, -1)]]))[0];
  t.deepEqual([...(angles ?? [])], [0, Math.PI / 2, -Math.PI / 2, Math.PI / 4, -Math.PI / 4]);
});
