import { fileURLToPath } from 'node:url';
import test from 'ava';
import { evaluate, input } from '../lib/graph/index.js';
import { Network, type WarningCode } from '../lib/onnx/index.js';
import { Tensor } from '../lib/tensor.js';
import { buildModel, encode, type TestModel, tensor } from './support/onnx-builder.js';
import { runByRuntime } from './support/onnx-runtime.js';
import { random } from './support/operator-case.js';

const fixtures = fileURLToPath(new URL('../../test/fixtures/', import.meta.url));

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
  FIXED_BATCH: /dynamic_axes/,
  NO_PARAMETERS: /initializers/,
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
