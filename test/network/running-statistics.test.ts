import { fileURLToPath } from 'node:url';
import test from 'ava';
import { feed, minimizationProblem } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import * as g from '../../lib/graph/index.js';
import { runningStatistics } from '../../lib/network/running-statistics.js';
import { Network } from '../../lib/onnx/index.js';
import { minimize } from '../../lib/solvers/index.js';
import { Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { buildModel, encode, tensor } from '../support/onnx/builder.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../../test/fixtures/${name}/model.onnx`, import.meta.url));
const device = testDevice();
test.after.always(() => device.dispose());

const random = Random.fromSeed(11, 'running statistics');
const [rows, inputs, hidden, classes] = [60, 6, 10, 3];
const normals = (count: number, scale = 1): number[] =>
  Array.from({ length: count }, () => Math.fround(scale * random.normal()));

/** Inputs far from mean 0 and variance 1, whose class a linear function of them decides. */
const data = (() => {
  const x = normals(rows * inputs, 3).map((value) => Math.fround(value + 5));
  const truth = normals(inputs * classes);
  const labels = Array.from({ length: rows }, (_, row) => {
    const scores = Array.from({ length: classes }, (_, column) =>
      Array.from({ length: inputs }, (_, k) => ((x[row * inputs + k] ?? 0) - 5) * (truth[k * classes + column] ?? 0)),
    ).map((terms) => terms.reduce((sum, term) => sum + term, 0));
    return scores.indexOf(Math.max(...scores));
  });
  return { x: Tensor.from(x, [rows, inputs]), y: Tensor.from(labels, [rows], 'int64'), labels };
})();

/** A perceptron with normalized hidden units; its file is in inference form, with statistics of no training. */
function perceptron(momentum = 0.9): Uint8Array {
  return encode(
    buildModel({
      opset: 15,
      inputs: { x: { shape: ['batch', inputs] } },
      initializers: {
        first: tensor(normals(inputs * hidden, 0.4), [inputs, hidden]),
        scale: tensor(normals(hidden, 0.1).map((value) => value + 1)),
        bias: tensor(normals(hidden, 0.1)),
        mean: tensor(new Array(hidden).fill(0)),
        variance: tensor(new Array(hidden).fill(1)),
        second: tensor(normals(hidden * classes, 0.4), [hidden, classes]),
      },
      nodes: [
        { op: 'MatMul', inputs: ['x', 'first'], outputs: ['z'] },
        {
          op: 'BatchNormalization',
          inputs: ['z', 'scale', 'bias', 'mean', 'variance'],
          outputs: ['n'],
          attributes: { momentum: { float: momentum } },
        },
        { op: 'Tanh', inputs: ['n'], outputs: ['h'] },
        { op: 'MatMul', inputs: ['h', 'second'], outputs: ['y'] },
      ],
      outputs: ['y'],
    }),
  );
}

/** Trains in training form on all rows at once; the cost uses the statistics of the batch. */
async function trained(network: Network): Promise<Record<string, Tensor>> {
  const problem = minimizationProblem({
    lower: network.initialParameters(),
    feeds: { data: feed({ x: data.x, y: data.y }) },
    g: ({ v, data: { x, y } }) => g.mean(g.crossEntropy(network.apply(x, v, { training: true }), y)),
  });
  using solver = minimize(problem, { steps: 200, optimizer: 'sgd', learningRate: 0.3 }, { device });
  const state = solver.init();
  await solver.step(state);
  return state.v;
}

/** Share of the rows that a model file classifies rightly in ONNX Runtime, given one row at a time. */
async function runtimeAccuracy(bytes: Uint8Array): Promise<number> {
  let right = 0;
  for (const [row, label] of data.labels.entries()) {
    const x = tensor([...data.x.data.subarray(row * inputs, (row + 1) * inputs)], [1, inputs]);
    const { data: logits } = await runByRuntime(bytes, { x });
    if (logits.indexOf(Math.max(...logits)) === label) right++;
  }
  return right / rows;
}

/** Mean and population variance over all rows of x w, in float64. */
function momentsOf(weight: Tensor): { readonly mean: number[]; readonly variance: number[] } {
  const columns = Array.from({ length: hidden }, (_, unit) =>
    Array.from({ length: rows }, (_, row) => {
      let sum = 0;
      for (let k = 0; k < inputs; k++) {
        sum += Number(data.x.data[row * inputs + k]) * Number(weight.data[k * hidden + unit]);
      }
      return sum;
    }),
  );
  const average = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const mean = columns.map(average);
  const variance = columns.map((column, unit) => average(column.map((value) => (value - (mean[unit] ?? 0)) ** 2)));
  return { mean, variance };
}

function near(actual: readonly number[] | undefined, expected: readonly number[], tolerance: number): boolean {
  return expected.every((value, at) => Math.abs((actual?.[at] ?? Number.NaN) - value) <= tolerance * Math.abs(value));
}

test('a network trained in training form predicts the same after it was saved with its statistics', async (t) => {
  const network = await Network.load(perceptron());
  const v = await trained(network);
  t.throws(() => network.toBytes(v), { code: 'STALE_STATISTICS', message: /"mean".*runningStatistics.*initialState/s });
  t.notThrows(() => network.toBytes());

  const statistics = await runningStatistics(network, data.x, v, { training: true, device });
  const stale = await runtimeAccuracy(network.toBytes({ ...v, ...network.initialState() }));
  const fresh = await runtimeAccuracy(network.toBytes({ ...v, ...statistics }));
  t.log(`accuracy ${fresh}, with the statistics of the file ${stale}`);
  t.is(fresh, 1);
  t.true(stale < 0.9);
});

for (const [batch, momentum] of [
  [rows, 0.9],
  [20, 0.9],
  [20, 0.99],
  [20, 0],
] as const) {
  test(`the statistics in batches of ${batch} with momentum ${momentum} are those of all rows`, async (t) => {
    const network = await Network.load(perceptron(momentum));
    const { first } = network.initialParameters();
    const given = first as Tensor;
    const { mean, variance } = momentsOf(given);
    // What is not given keeps the values of the file.
    const found = await runningStatistics(network, data.x, { first: given }, { training: true, batch, device });
    t.true(near(found.mean?.toArray(), mean, 1e-5), `${found.mean?.toArray()} ${mean}`);
    t.true(near(found.variance?.toArray(), variance, 1e-5), `${found.variance?.toArray()} ${variance}`);
  });
}

test('with the statistics of all rows the inference form agrees with the training form on them', async (t) => {
  const network = await Network.load(fixture('conv4-train'));
  const count = 24;
  const shape = network.inputShape(count);
  const images = Tensor.from(normals(shape.reduce((product, size) => product * size, 1)), shape);
  const parameters = network.initialParameters();
  const statistics = await runningStatistics(network, images, parameters, { device });
  t.deepEqual(Object.keys(statistics).sort(), [...network.state.keys()].sort());

  const x = g.constant(images);
  const nodes = (tensors: Record<string, Tensor>): Record<string, g.Node> =>
    Object.fromEntries(Object.entries(tensors).map(([name, value]) => [name, g.constant(value)]));
  const inference = (state: Record<string, Tensor>): g.Node =>
    network.apply(x, nodes({ ...parameters, ...state }), { training: false });
  const [expected, stale, fresh] = g.evaluate([
    network.apply(x, nodes(parameters), { training: true }),
    inference({}),
    inference(statistics),
  ]) as [Float64Array, Float64Array, Float64Array];
  const error = (logits: Float64Array): number =>
    Math.hypot(...logits.map((value, i) => value - (expected[i] ?? 0))) / Math.hypot(...expected);
  t.log(`relative error ${error(fresh)}, with the statistics of the file ${error(stale)}`);
  t.true(error(fresh) < 1e-5);
  t.true(error(stale) > 0.2);
});

/** Two normalizations, of x W and of what comes of it, by the stored tensors of these names. */
function twice(names: readonly [string, string], scales: readonly [string, string]): Uint8Array {
  const stored = [...new Set([...names, ...scales])];
  const layer = (at: 0 | 1, from: string, to: string) => ({
    op: 'BatchNormalization',
    inputs: [from, scales[at], 'bias', names[at], 'variance'],
    outputs: [to],
  });
  return encode(
    buildModel({
      opset: 15,
      inputs: { x: { shape: ['batch', 2] } },
      initializers: {
        ...Object.fromEntries(stored.map((name) => [name, tensor(name.startsWith('scale') ? [1, 1] : [0, 0])])),
        bias: tensor([0, 1]),
        variance: tensor([1, 1]),
      },
      nodes: [layer(0, 'x', 'h'), { op: 'Exp', inputs: ['h'], outputs: ['e'] }, layer(1, 'e', 'y')],
      outputs: ['y'],
    }),
  );
}

test('a layer that is applied twice normalizes by the values of both applications', async (t) => {
  const network = await Network.load(twice(['mean', 'mean'], ['scale', 'scale']));
  const x = [1, 2, 3, 6];
  const found = await runningStatistics(network, Tensor.from(x, [2, 2]), {}, { training: true, device });
  // Columns (1, 3) and (2, 6) become (-1, 1) and (0, 2), then the exponentials of these.
  const first = [1, 3, Math.exp(-1), Math.exp(1)];
  const mean = first.reduce((sum, value) => sum + value, 0) / 4;
  const variance = first.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 4;
  t.true(Math.abs((found.mean?.data[0] as number) - mean) < 1e-4);
  t.true(Math.abs((found.variance?.data[0] as number) - variance) < 1e-4);
});

test('a network of two inputs takes them by name', async (t) => {
  const model = encode(
    buildModel({
      opset: 15,
      inputs: { a: { shape: ['batch', 2] }, b: { shape: ['batch', 2] } },
      initializers: { scale: tensor([1, 1]), bias: tensor([0, 0]), mean: tensor([0, 0]), variance: tensor([1, 1]) },
      nodes: [
        { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
        { op: 'BatchNormalization', inputs: ['sum', 'scale', 'bias', 'mean', 'variance'], outputs: ['y'] },
      ],
      outputs: ['y'],
    }),
  );
  const network = await Network.load(model);
  const [a, b] = [Tensor.from([1, 2, 3, 4], [2, 2]), Tensor.from([0, 1, 0, 5], [2, 2])];
  const found = await runningStatistics(network, { a, b }, {}, { training: true, device });
  t.deepEqual(
    [found.mean?.toArray(), found.variance?.toArray()],
    [
      [2, 6],
      [1, 9],
    ],
  );
  await t.throwsAsync(runningStatistics(network, a, {}, { training: true, device }), { message: /"b"/ });
  await t.throwsAsync(runningStatistics(network, { a, b: Tensor.zeros([3, 2]) }, {}, { training: true, device }), {
    code: 'SHAPE_MISMATCH',
  });
});

test('layers whose statistics the exporter merged have their own', async (t) => {
  const network = await Network.load(twice(['mean', 'mean'], ['scale0', 'scale1']));
  const x = Tensor.from([1, 2, 3, 6], [2, 2]);
  const found = await runningStatistics(network, x, {}, { training: true, device });
  t.deepEqual(
    [found.mean?.toArray(), found.variance?.toArray()],
    [
      [2, 4],
      [1, 4],
    ],
  );
  // Behind the first layer the columns are -1, 1 and 0, 2, up to the stabilizer of the variance.
  const column = (low: number, high: number): number => (Math.exp(low) + Math.exp(high)) / 2;
  const means = found['y.running_mean']?.toArray().map(Number) ?? [];
  for (const [index, mean] of [column(-1, 1), column(0, 2)].entries())
    t.true(Math.abs((means[index] ?? 0) - mean) < 1e-4);
});

test('where no layer works in training form there are no statistics to compute, and saving needs none', async (t) => {
  const network = await Network.load(perceptron());
  const v = network.initialParameters();
  t.deepEqual(await runningStatistics(network, data.x, v, { device }), {});
  t.notThrows(() => network.toBytes(v));
  const lenet = await Network.load(fixture('lenet'));
  const images = Tensor.zeros(lenet.inputShape(4));
  t.deepEqual(await runningStatistics(lenet, images, lenet.initialParameters(), { training: true, device }), {});
});

test('a parameter that cannot be trained counts when it is given', async (t) => {
  const network = await Network.load(
    encode(
      buildModel({
        opset: 15,
        inputs: { x: { shape: ['batch', 2] } },
        initializers: {
          step: tensor([0.4, 0.4]),
          scale: tensor([1, 1]),
          bias: tensor([0, 0]),
          mean: tensor([0, 0]),
          variance: tensor([1, 1]),
        },
        nodes: [
          { op: 'Floor', inputs: ['step'], outputs: ['whole'] },
          { op: 'Add', inputs: ['x', 'whole'], outputs: ['sum'] },
          { op: 'BatchNormalization', inputs: ['sum', 'scale', 'bias', 'mean', 'variance'], outputs: ['y'] },
        ],
        outputs: ['y'],
      }),
    ),
  );
  t.false(network.parameters.get('step')?.trainable);
  const x = Tensor.from([1, 2, 3, 4], [2, 2]);
  const found = await runningStatistics(network, x, { step: Tensor.from([5.5, 7.5]) }, { training: true, device });
  t.deepEqual(found.mean?.toArray(), [7, 10]);
});

test('statistics that are not finite are an error', async (t) => {
  const network = await Network.load(perceptron());
  const first = Tensor.from(new Array(inputs * hidden).fill(1e38), [inputs, hidden]);
  await t.throwsAsync(runningStatistics(network, data.x, { first }, { training: true, device }), {
    code: 'NON_FINITE',
    message: /"mean".*channel 0/s,
  });
});

test('a batch that leaves one value per channel is refused, as it would hide x', async (t) => {
  const network = await Network.load(perceptron());
  const options = { training: true };
  t.throws(() => network.apply(g.input('x', [1, inputs]), network.parameterNodes(), options), {
    code: 'SHAPE_MISMATCH',
    message: /BatchNormalization node.*more than one value per channel.*\[1, 10\]/s,
  });
  await t.throwsAsync(runningStatistics(network, data.x, {}, { training: true, batch: 1, device }), {
    code: 'SHAPE_MISMATCH',
  });
  // One image has many values per channel.
  t.notThrows(() => g.batchNormTrain(g.input('x', [1, 2, 3, 3]), g.input('s', [2]), g.input('b', [2])));
});

test('bad arguments are named', async (t) => {
  const network = await Network.load(perceptron());
  const run = (...args: readonly unknown[]) =>
    runningStatistics(...(args as unknown as Parameters<typeof runningStatistics>));
  await t.throwsAsync(run({}, data.x, {}), { code: 'INVALID_ARGUMENT', message: /network/ });
  await t.throwsAsync(run(network, [], {}), { code: 'INVALID_ARGUMENT', message: /feed/ });
  await t.throwsAsync(run(network, data.x, {}, { batches: 0 }), { code: 'INVALID_ARGUMENT', message: /batches/ });
  await t.throwsAsync(run(network, data.x, {}, { batchs: 3 }), { code: 'UNKNOWN_OPTION', message: /batches|batch/ });
  await t.throwsAsync(run(network, data.x, { scale: Tensor.zeros([3]) }, { training: true, device }), {
    code: 'SHAPE_MISMATCH',
    message: /"scale"/,
  });
  await t.throwsAsync(run(network, data.x, { none: data.x }, { training: true, device }), {
    code: 'INVALID_ARGUMENT',
    message: /none/,
  });
});
