import { fileURLToPath } from 'node:url';
import test from 'ava';
import { evaluate, input } from '../../lib/graph/index.js';
import { Network, type WarningCode } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { buildModel, encode, type TestModel, tensor } from '../support/onnx/builder.js';
import { random } from '../support/onnx/operator-case.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

/** Every warning must say what to do. */
const remedies: Readonly<Record<WarningCode, RegExp>> = {
  FOLDED_BATCH_NORM: /TrainingMode\.TRAINING|optimize=False/,
  MERGED_PARAMETERS: /untie: true/,
  LOST_NAMES: /TrainingMode\.TRAINING|optimize=False/,
  FOLDED_PARAMETERS: /TrainingMode\.TRAINING|optimize=False/,
  SEPARATED_PARAMETERS: /TrainingMode\.TRAINING|optimize=False/,
  ASSUMED_CONSTANTS: /network\.constants/,
  INFERENCE_BATCH_NORM: /training: true/,
  INFERENCE_DROPOUT: /training: true, key/,
  FIXED_BATCH: /dynamic_(?:axes|shapes)/,
  NO_PARAMETERS: /export it with them/,
  IGNORED_OUTPUTS: /outputs: \["y", "z"\]/,
  CONVERTED_PRECISION: /float32/,
};

const expected: Readonly<Record<string, readonly WarningCode[]>> = {
  logreg: [],
  mlp: [],
  lenet: [],
  'mnist-cnn': [],
  'conv4-train': [],
  'conv4-train-dynamo': ['INFERENCE_BATCH_NORM'],
  'conv4-eval': ['FOLDED_BATCH_NORM', 'LOST_NAMES'],
  'resnet12-train': [],
  'smooth-mlp': [],
};

for (const [name, codes] of Object.entries(expected)) {
  test(`${name} gives the warnings that its export deserves`, async (t) => {
    const { warnings } = await Network.load(`${fixtures}${name}/model.onnx`);
    t.deepEqual(
      warnings.map(({ code }) => code),
      [...codes],
    );
    for (const { code, message } of warnings) t.regex(message, remedies[code]);
  });
}

async function warningsOf(model: TestModel): Promise<readonly WarningCode[]> {
  const { warnings } = await Network.load(encode(buildModel(model)));
  for (const { code, message } of warnings) if (!remedies[code].test(message)) throw new Error(message);
  return warnings.map(({ code }) => code);
}

const x = { x: { shape: ['batch', 2] } } as const;

test('a Dropout in inference form warns', async (t) => {
  const codes = await warningsOf({
    inputs: x,
    initializers: { w: random([2, 2]) },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'Dropout', inputs: ['h'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });
  t.deepEqual(codes, ['INFERENCE_DROPOUT']);
});

test('generated names of matrices warn', async (t) => {
  const codes = await warningsOf({
    inputs: x,
    initializers: { 'onnx::MatMul_7': random([2, 2]) },
    nodes: [{ op: 'MatMul', inputs: ['x', 'onnx::MatMul_7'], outputs: ['y'] }],
    outputs: ['y'],
  });
  t.deepEqual(codes, ['LOST_NAMES']);
});

test('weights in float64 warn', async (t) => {
  const codes = await warningsOf({
    inputs: x,
    initializers: { w: { ...random([2, 2]), type: 'float64' } },
    nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    outputs: ['y'],
  });
  t.deepEqual(codes, ['CONVERTED_PRECISION']);
});

test('a model without parameters, a fixed batch and more than one output warn', async (t) => {
  const codes = await warningsOf({
    inputs: { x: { shape: [4, 2] } },
    nodes: [
      { op: 'Relu', inputs: ['x'], outputs: ['y'] },
      { op: 'Neg', inputs: ['x'], outputs: ['z'] },
    ],
    outputs: ['y', 'z'],
  });
  t.deepEqual(codes, ['NO_PARAMETERS', 'FIXED_BATCH', 'IGNORED_OUTPUTS']);
});

/** y = (x * scale + shift) * second, where `second` was merged with `scale` by the exporter. */
const merged: TestModel = {
  inputs: x,
  initializers: { scale: tensor([2, 3]), shift: tensor([0, 1]) },
  nodes: [
    { op: 'Identity', inputs: ['scale'], outputs: ['second'] },
    { op: 'Mul', inputs: ['x', 'scale'], outputs: ['a'] },
    { op: 'Add', inputs: ['a', 'shift'], outputs: ['b'] },
    { op: 'Mul', inputs: ['b', 'second'], outputs: ['y'] },
  ],
  outputs: ['y'],
};

test('merged parameters warn, and stay one parameter by default', async (t) => {
  t.deepEqual(await warningsOf(merged), ['MERGED_PARAMETERS']);
  const network = await Network.load(encode(buildModel(merged)));
  t.deepEqual([...network.parameters.keys()], ['scale', 'shift']);
});

test('merged parameters are untied on request, trained apart, and saved apart', async (t) => {
  const network = await Network.load(encode(buildModel(merged)), { untie: true });
  t.deepEqual(network.warnings, []);
  t.deepEqual([...network.parameters.keys()], ['scale', 'shift', 'second']);
  t.deepEqual(network.initialParameters().second?.toArray(), [2, 3]);
  const saved = network.toBytes({ second: Tensor.from([5, 7]) });
  const values = tensor([1, 10], [1, 2]);
  t.deepEqual((await runByRuntime(saved, { x: values })).data, [10, 217]);
  const reloaded = await Network.load(saved);
  const node = input('x', [1, 2]);
  const parameters = reloaded.parameterNodes();
  const feeds = new Map([[node, Float64Array.from(values.data)]]);
  for (const [name, each] of Object.entries(parameters)) {
    feeds.set(each, Float64Array.from(reloaded.parameters.get(name)?.value.data ?? []));
  }
  t.deepEqual([...(evaluate([reloaded.apply(node, parameters)], feeds)[0] ?? [])], [10, 217]);
});

test('an exponent is not trained unless it is given', async (t) => {
  const model: TestModel = {
    inputs: x,
    initializers: { w: tensor([1, -1, 1, 1], [2, 2]), two: tensor([2]) },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'w'], outputs: ['h'] },
      { op: 'Pow', inputs: ['h', 'two'], outputs: ['y'] },
    ],
    outputs: ['y'],
  };
  t.deepEqual(await warningsOf(model), ['ASSUMED_CONSTANTS']);
  const network = await Network.load(encode(buildModel(model)));
  t.deepEqual(Object.keys(network.initialParameters()), ['w']);
  t.is(network.constants.get('two')?.kind, 'constant');
  const [node, parameters] = [input('x', [1, 2]), network.parameterNodes()];
  const feeds = new Map([[node, Float64Array.of(-1, 0.5)]]);
  for (const each of Object.values(parameters)) feeds.set(each, Float64Array.of(1, -1, 1, 1));
  const y = network.apply(node, parameters);
  t.deepEqual([...(evaluate([y], feeds)[0] ?? [])], [0.25, 2.25]);
});

test('masks, means of the input, tables of angles and small numbers are not trained', async (t) => {
  const angles = [0, 1, 2, 3].flatMap((position) => [1, 0.01].flatMap((rate) => [position * rate]));
  const table = angles.flatMap((angle) => [Math.sin(angle), Math.cos(angle)]);
  const model: TestModel = {
    inputs: { x: { shape: ['batch', 4, 4] } },
    initializers: {
      center: random([4]),
      table: tensor(table, [4, 4]),
      mask: tensor(
        [0, -Infinity, -Infinity, -Infinity, 0, 0, -Infinity, -Infinity, 0, 0, 0, -Infinity, 0, 0, 0, 0],
        [4, 4],
      ),
      tiny: tensor([1e-5]),
      w: random([4, 4]),
    },
    nodes: [
      { op: 'Sub', inputs: ['x', 'center'], outputs: ['a'] },
      { op: 'Add', inputs: ['a', 'table'], outputs: ['b'] },
      { op: 'MatMul', inputs: ['b', 'w'], outputs: ['c'] },
      { op: 'Add', inputs: ['c', 'mask'], outputs: ['d'] },
      { op: 'Softmax', inputs: ['d'], outputs: ['e'], attributes: { axis: -1 } },
      { op: 'Add', inputs: ['e', 'tiny'], outputs: ['f'] },
      { op: 'Sqrt', inputs: ['f'], outputs: ['y'] },
    ],
    outputs: ['y'],
  };
  t.deepEqual(await warningsOf(model), ['ASSUMED_CONSTANTS']);
  const network = await Network.load(encode(buildModel(model)));
  t.deepEqual([...network.parameters.keys()], ['w']);
  t.deepEqual([...network.constants.keys()].toSorted(), ['center', 'mask', 'table', 'tiny']);
});

/**
 * Two normalizations of 3 features that share a scale and a shift, with values that are those of fresh layers or not.
 */
function sharedNorm(scale: readonly number[]): TestModel {
  return {
    inputs: { x: { shape: ['batch', 3] } },
    initializers: { scale: tensor(scale), shift: tensor([0, 0, 0]), w: random([3, 3]) },
    nodes: [
      { op: 'LayerNormalization', inputs: ['x', 'scale', 'shift'], outputs: ['a'] },
      { op: 'MatMul', inputs: ['a', 'w'], outputs: ['b'] },
      { op: 'LayerNormalization', inputs: ['b', 'scale', 'shift'], outputs: ['y'] },
    ],
    outputs: ['y'],
  };
}

test('equal parameters of fresh layers warn where the file says nothing, and are untied on request', async (t) => {
  const model = sharedNorm([1, 1, 1]);
  t.deepEqual(await warningsOf(model), ['MERGED_PARAMETERS']);
  const network = await Network.load(encode(buildModel(model)), { untie: true });
  t.deepEqual(Object.keys(network.initialParameters()).toSorted(), ['scale', 'scale/2', 'shift', 'shift/2', 'w']);
  const saved = network.toBytes({ 'scale/2': Tensor.from([2, 2, 2]) });
  const before = await runByRuntime(network.toBytes(), { x: tensor([1, 2, 4], [1, 3]) });
  const after = await runByRuntime(saved, { x: tensor([1, 2, 4], [1, 3]) });
  t.deepEqual(
    after.data,
    before.data.map((value) => Math.fround(2 * value)),
  );
});

test('a trained layer that is used twice is one layer', async (t) => {
  const model = sharedNorm([1, 1.5, 1]);
  const network = await Network.load(encode(buildModel(model)), { untie: true });
  t.deepEqual(Object.keys(network.initialParameters()).includes('scale/2'), false);
});

test('a transposed copy of a parameter warns', async (t) => {
  const codes = await warningsOf({
    inputs: x,
    initializers: { table: tensor([1, 2, 3, 4, 5, 6], [3, 2]), 'onnx::MatMul_9': tensor([1, 3, 5, 2, 4, 6], [2, 3]) },
    nodes: [
      { op: 'MatMul', inputs: ['x', 'onnx::MatMul_9'], outputs: ['h'] },
      { op: 'MatMul', inputs: ['h', 'table'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });
  t.deepEqual(codes, ['SEPARATED_PARAMETERS', 'LOST_NAMES']);
});
