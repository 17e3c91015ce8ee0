import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import test from 'ava';
import { constant, evaluate, input, type Node } from '../../lib/graph/index.js';
import { ModelProtoSchema } from '../../lib/onnx/file/schema/onnx_pb.js';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { bools, buildModel, encode, int64s, type TestModel, tensor } from '../support/onnx/builder.js';
import { evaluateModel, random } from '../support/onnx/operator-case.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

function load(model: TestModel, options = {}): Promise<Network> {
  return Network.load(encode(buildModel(model)), options);
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-onnx-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** y = x w + b with a free batch axis. */
const linear: TestModel = {
  inputs: { x: { shape: ['batch', 3] } },
  initializers: { w: random([3, 2]), b: random([2]) },
  nodes: [{ op: 'Gemm', name: 'head', inputs: ['x', 'w', 'b'], outputs: ['y'] }],
  outputs: ['y'],
};

test('a network tells its inputs, outputs, operators and parameters', async (t) => {
  const network = await load(linear);
  t.deepEqual(network.inputs, [{ name: 'x', dtype: 'float32', shape: ['batch', 3] }]);
  t.deepEqual(network.outputs, ['y']);
  t.is(network.opset, 17);
  t.deepEqual([...network.operators], [['Gemm', 1]]);
  t.deepEqual(network.inputShape(5), [5, 3]);
  t.deepEqual([...network.parameters.keys()], ['w', 'b']);
  t.deepEqual(network.parameters.get('w')?.value.toArray(), [...random([3, 2]).data]);
  t.deepEqual(network.warnings, []);
});

test('initial parameters are copies, and parameter nodes carry the prefix', async (t) => {
  const network = await load(linear);
  const { w, b } = network.initialParameters();
  w?.data.fill(0);
  t.deepEqual(network.parameters.get('w')?.value.toArray(), [...random([3, 2]).data]);
  t.deepEqual(b?.shape, [2]);
  const nodes = network.parameterNodes('lower/');
  t.deepEqual(Object.keys(nodes), ['w', 'b']);
  t.like(nodes.w, { op: 'input', shape: [3, 2], attributes: { name: 'lower/w' } });
});

test('apply names what does not fit', async (t) => {
  const network = await load(linear);
  const x = input('x', [4, 3]);
  const parameters = network.parameterNodes();
  t.deepEqual(network.apply(x, parameters).shape, [4, 2]);
  t.throws(() => network.apply(input('x', [4, 5]), parameters), {
    code: 'SHAPE_MISMATCH',
    message: /float32\[batch, 3\] for input "x".*float32\[4, 5\]/,
  });
  t.throws(() => network.apply(input('x', [4, 3], 'int32'), parameters), { code: 'SHAPE_MISMATCH' });
  t.throws(() => network.apply(x, { w: parameters.w as Node }), { code: 'INVALID_ARGUMENT', message: /"b"/ });
  t.throws(() => network.apply(x, { ...parameters, c: x }), { code: 'INVALID_ARGUMENT', message: /"c"/ });
  t.throws(() => network.apply(x, { ...parameters, b: x }), { code: 'SHAPE_MISMATCH', message: /float32\[2\].*"b"/ });
  // @ts-expect-error an option that does not exist
  t.throws(() => network.apply(x, parameters, { train: true }), {
    code: 'UNKNOWN_OPTION',
    message: /"train".*training/,
  });
});

test('a shape that does not fit in the middle of the network names the node', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 'width'] } },
    initializers: { w: random([3, 2]) },
    nodes: [{ op: 'MatMul', name: 'head', inputs: ['x', 'w'], outputs: ['y'] }],
    outputs: ['y'],
  });
  t.throws(() => network.apply(input('x', [4, 5]), network.parameterNodes()), {
    code: 'SHAPE_MISMATCH',
    message: /MatMul node "head"/,
  });
  t.throws(() => network.inputShape(4), { code: 'INVALID_ARGUMENT' });
});

for (const name of [
  'logreg',
  'mlp',
  'lenet',
  'mnist-cnn',
  'conv4-train',
  'conv4-train-dynamo',
  'conv4-eval',
  'resnet12-train',
  'smooth-mlp',
]) {
  test(`${name} saved with new weights gives ONNX Runtime the same logits as here`, async (t) => {
    const network = await Network.load(`${fixtures}${name}/model.onnx`);
    const changed = Object.fromEntries(
      Object.entries(network.initialParameters()).map(([key, { shape, data }]) => [
        key,
        Tensor.from(
          data.map((value, index) => 0.9 * value + 0.01 * ((index % 7) - 3)),
          shape,
        ),
      ]),
    );
    await inFolder(async (folder) => {
      const path = join(folder, 'trained.onnx');
      await network.save(path, changed);
      t.deepEqual(await readdir(folder), ['trained.onnx']);
      const saved = await readFile(path);
      const x = random(network.inputShape(3));
      const [ours, theirs] = [await evaluateModel(saved, x), await runByRuntime(saved, { x })];
      t.deepEqual(ours.shape, [...theirs.shape]);
      const largest = Math.max(...theirs.data.map(Math.abs));
      const error =
        Math.max(...theirs.data.map((value, index) => Math.abs(value - Number(ours.data[index])))) / largest;
      t.log(`logits: ${error.toExponential(2)}`);
      t.true(error < 1e-5);
    });
  });
}

test('saving replaces weights and keeps every other field', async (t) => {
  // Field 1000 is none that this package reads, and the last in the file.
  const unread = Buffer.from([0xc2, 0x3e, 1, 7]);
  const bytes = Buffer.concat([await readFile(`${fixtures}conv4-train-dynamo/model.onnx`), unread]);
  const network = await Network.load(bytes);
  const saved = network.toBytes({ 'head.bias': Tensor.from([1, 2, 3, 4, 5]) });
  const [before, after] = [fromBinary(ModelProtoSchema, bytes), fromBinary(ModelProtoSchema, saved)];
  t.notDeepEqual(Buffer.from(saved), bytes);
  const bias = after.graph?.initializer.find(({ name }) => name === 'head.bias');
  t.deepEqual(new Float32Array(Uint8Array.from(bias?.rawData ?? []).buffer), Float32Array.of(1, 2, 3, 4, 5));
  if (bias) bias.rawData = before.graph?.initializer.find(({ name }) => name === 'head.bias')?.rawData ?? bias.rawData;
  t.deepEqual(Buffer.from(toBinary(ModelProtoSchema, after)), bytes);
  t.is(after.$unknown?.length, 1);
});

test('saving nothing new gives the file byte for byte, and the network stays as it was', async (t) => {
  const bytes = await readFile(`${fixtures}conv4-train/model.onnx`);
  const network = await Network.load(bytes);
  network.toBytes({ 'head.bias': Tensor.zeros([5]) });
  t.deepEqual(Buffer.from(network.toBytes({})), bytes);
  t.deepEqual(Buffer.from(network.toBytes(network.initialParameters())), bytes);
});

test('saving refuses unknown names and other shapes, and a failed save keeps the old file', async (t) => {
  const network = await load(linear);
  t.throws(() => network.toBytes({ c: Tensor.zeros([2]) }), { code: 'INVALID_ARGUMENT', message: /"c"/ });
  t.throws(() => network.toBytes({ b: Tensor.zeros([3]) }), { code: 'SHAPE_MISMATCH', message: /"b"/ });
  t.throws(() => network.toBytes({ b: Tensor.zeros([2], 'int32') }), { code: 'SHAPE_MISMATCH' });
  await inFolder(async (folder) => {
    await t.throwsAsync(() => network.save(join(folder, 'missing', 'x.onnx'), {}), { code: 'IO_ERROR' });
    const path = join(folder, 'x.onnx');
    await writeFile(path, 'old');
    await t.throwsAsync(() => network.save(path, { b: Tensor.zeros([3]) }), { code: 'SHAPE_MISMATCH' });
    t.is(await readFile(path, 'utf8'), 'old');
  });
});

/** One batch normalization of [batch, 2], in either form. */
function normalizing(training: boolean): TestModel {
  return {
    inputs: { x: { shape: ['batch', 2] } },
    initializers: { scale: tensor([1, 2]), bias: tensor([0, 1]), mean: tensor([1, -1]), variance: tensor([4, 9]) },
    nodes: [
      {
        op: 'BatchNormalization',
        name: 'norm',
        inputs: ['x', 'scale', 'bias', 'mean', 'variance'],
        outputs: training ? ['y', 'next_mean', 'next_variance'] : ['y'],
        attributes: { momentum: { float: 0.5 }, epsilon: { float: 0 }, training_mode: training ? 1 : 0 },
      },
    ],
    outputs: ['y'],
  };
}

const batch = Float64Array.of(1, 2, 3, 6);
const byBatch = [-1, -1, 1, 3];
const byFile = [0, 3, 1, 17 / 3];

for (const form of [true, false]) {
  test(`batch normalization in ${form ? 'training' : 'inference'} form follows the file unless told otherwise`, async (t) => {
    const network = await load(normalizing(form));
    t.deepEqual([...network.parameters.keys()], ['scale', 'bias']);
    t.deepEqual([...network.state.keys()], ['mean', 'variance']);
    const x = input('x', [2, 2]);
    const feeds = new Map([[x, batch]]);
    const parameters = network.parameterNodes();
    for (const [name, node] of Object.entries(parameters)) {
      feeds.set(node, Float64Array.from(network.parameters.get(name)?.value.data ?? []));
    }
    const expect = (options: { training?: boolean }, expected: readonly number[]): void => {
      const [y] = evaluate([network.apply(x, parameters, options)], feeds);
      for (const [index, value] of expected.entries()) t.true(Math.abs(Number(y?.[index]) - value) < 1e-12);
    };
    expect({}, form ? byBatch : byFile);
    expect({ training: true }, byBatch);
    expect({ training: false }, byFile);

    const { state } = network.applyWithState(x, parameters, { training: true });
    t.deepEqual(Object.keys(state), ['mean', 'variance']);
    const next = evaluate(Object.values(state), feeds);
    t.deepEqual(
      next.map((values) => [...values]),
      [
        [1.5, 1.5],
        [2.5, 6.5],
      ],
    );
    t.deepEqual(network.applyWithState(x, parameters, { training: false }).state, {});
  });
}

test('running statistics can be given, and are saved', async (t) => {
  const network = await load(normalizing(false));
  const x = input('x', [2, 2]);
  const mean = input('mean', [2]);
  const [scale, bias] = [input('scale', [2]), input('bias', [2])];
  const y = network.apply(x, { scale, bias, mean });
  const feeds = new Map([
    [x, batch],
    [mean, Float64Array.of(3, 0)],
    [scale, Float64Array.of(2, 3)],
    [bias, Float64Array.of(0, 0)],
  ]);
  t.deepEqual([...(evaluate([y], feeds)[0] ?? [])], [-2, 2, 0, 6]);
  const reloaded = await Network.load(network.toBytes({ mean: Tensor.from([7, 8]) }));
  t.deepEqual(reloaded.state.get('mean')?.value.toArray(), [7, 8]);
});

test('before opset 14 the training form of batch normalization is known by its five outputs', async (t) => {
  const { nodes, ...model } = normalizing(true);
  const network = await load({
    ...model,
    opset: 13,
    nodes: nodes.map(({ attributes: { training_mode: _, ...attributes } = {}, ...node }) => ({
      ...node,
      attributes,
      outputs: ['y', 'next_mean', 'next_variance', 'saved_mean', 'saved_variance'],
    })),
  });
  t.deepEqual(network.warnings, []);
  const x = input('x', [2, 2]);
  const { output, state } = network.applyWithState(x, { scale: constant([1, 2]), bias: constant([0, 1]) });
  t.deepEqual([...(evaluate([output], new Map([[x, batch]]))[0] ?? [])], byBatch);
  t.deepEqual(Object.keys(state), ['mean', 'variance']);
});

/** x -> dropout -> dropout, both of ratio 0.25. */
function dropping(training: boolean): TestModel {
  const names = ['x', 'h', 'y'];
  return {
    inputs: { x: { shape: ['batch', 50] } },
    initializers: { ratio: tensor([0.25], []), mode: bools([training ? 1 : 0], []) },
    nodes: [0, 1].map((index) => ({
      op: 'Dropout',
      name: `drop${index}`,
      inputs: [names[index] ?? '', 'ratio', ...(training ? ['mode'] : [])],
      outputs: [names[index + 1] ?? ''],
    })),
    outputs: ['y'],
  };
}

test('dropout drops a share by the key, each layer its own, and rescales the rest', async (t) => {
  const network = await load(dropping(true));
  const x = input('x', [40, 50]);
  const key = input('key', [2], 'int32');
  const run = (seed: number): Float64Array => {
    const y = network.apply(x, {}, { key });
    return evaluate(
      [y],
      new Map([
        [x, new Float64Array(2000).fill(1)],
        [key, Float64Array.of(seed, 5)],
      ]),
    )[0] as Float64Array;
  };
  const result = run(1);
  const kept = result.filter((value) => value !== 0);
  t.true(kept.every((value) => Math.abs(value - 1 / 0.75 ** 2) < 1e-6));
  // 0.75^2 of 2000 stay if the layers are independent; five standard deviations are about 111.
  t.true(Math.abs(kept.length - 2000 * 0.75 ** 2) < 111, `${kept.length} stay`);
  t.deepEqual(run(1), result);
  t.notDeepEqual(run(2), result);
});

test('dropout in training form needs a key, and can be switched off', async (t) => {
  const network = await load(dropping(true));
  const x = input('x', [4, 50]);
  t.throws(() => network.apply(x, {}), { code: 'INVALID_ARGUMENT', message: /drop0.*key/ });
  t.is(network.apply(x, {}, { training: false }), x);
});

test('dropout in inference form does nothing unless told to', async (t) => {
  const network = await load(dropping(false));
  const x = input('x', [4, 50]);
  t.is(network.apply(x, {}), x);
  t.not(network.apply(x, {}, { training: true, key: input('key', [2], 'int32') }), x);
});

test('a side output may be there, but not be read', async (t) => {
  const model = (read: boolean): TestModel => ({
    inputs: { x: { shape: ['batch', 1, 1, 1, 2] } },
    nodes: [
      { op: 'MaxPool', inputs: ['x'], outputs: ['h', 'places'], attributes: { kernel_shape: [1, 1, 2] } },
      read
        ? { op: 'Cast', name: 'choose', inputs: ['places'], outputs: ['y'], attributes: { to: 1 } }
        : { op: 'Relu', inputs: ['h'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });
  const x = input('x', [1, 1, 1, 1, 2]);
  t.is((await load(model(false))).apply(x, {}).op, 'relu');
  const network = await load(model(true));
  t.throws(() => network.apply(x, {}), { code: 'UNSUPPORTED_OPERATOR', message: /Cast node "choose" reads "places"/ });
});

test('what an operator has to know while it is imported is no parameter', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 1, 2] } },
    initializers: { scales: tensor([1, 1, 2]), none: tensor([]) },
    nodes: [{ op: 'Resize', inputs: ['x', 'none', 'scales'], outputs: ['y'] }],
    outputs: ['y'],
  });
  t.deepEqual([...network.parameters.keys()], []);
  t.deepEqual(network.apply(input('x', [3, 1, 2]), {}).shape, [3, 1, 4]);
});

test('further inputs are given by name', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 3] }, labels: { type: 'int64', shape: ['batch'] } },
    nodes: [{ op: 'SoftmaxCrossEntropyLoss', inputs: ['x', 'labels'], outputs: ['loss'] }],
    outputs: ['loss'],
  });
  const [x, labels] = [input('x', [2, 3]), input('labels', [2], 'int64')];
  const loss = network.apply(x, {}, { inputs: { labels } });
  const [value] = evaluate(
    [loss],
    new Map([
      [x, new Float64Array(6)],
      [labels, Float64Array.of(0, 2)],
    ]),
  );
  t.true(Math.abs(Number(value?.[0]) - Math.log(3)) < 1e-12);
  t.throws(() => network.apply(x, {}), { code: 'INVALID_ARGUMENT', message: /"labels"/ });
  t.throws(() => network.apply(x, {}, { inputs: { labels, other: x } }), {
    code: 'INVALID_ARGUMENT',
    message: /"other"/,
  });
});

test('the shape arithmetic of a dynamic batch is folded', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 2, 3] } },
    initializers: { zero: int64s([0], []), rest: int64s([-1]), axes: int64s([0]) },
    nodes: [
      { op: 'Shape', inputs: ['x'], outputs: ['shape'] },
      { op: 'Gather', inputs: ['shape', 'zero'], outputs: ['batch'] },
      { op: 'Unsqueeze', inputs: ['batch', 'axes'], outputs: ['first'] },
      { op: 'Concat', inputs: ['first', 'rest'], outputs: ['wanted'], attributes: { axis: 0 } },
      { op: 'Reshape', inputs: ['x', 'wanted'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });
  const x = input('x', [5, 2, 3]);
  const y = network.apply(x, {});
  t.is(y.op, 'reshape');
  t.deepEqual(y.shape, [5, 6]);
  t.is(y.inputs[0], x);
});

test('a shape that depends on data is refused by name', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 4] } },
    nodes: [
      { op: 'Cast', inputs: ['x'], outputs: ['shape'], attributes: { to: 7 } },
      { op: 'Reshape', name: 'view', inputs: ['x', 'shape'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });
  t.throws(() => network.apply(input('x', [1, 4]), {}), {
    code: 'UNSUPPORTED_OPERATOR',
    message: /Reshape node "view" \(opset 17\).*"shape"/,
  });
});

test('nodes that do not lead to the first output take no part', async (t) => {
  const network = await load({
    ...linear,
    initializers: { ...linear.initializers, unused: random([9]) },
    nodes: [...linear.nodes, { op: 'Mystery', inputs: ['y', 'unused'], outputs: ['z'] }],
    outputs: ['y', 'z'],
  });
  t.deepEqual([...network.parameters.keys()], ['w', 'b']);
  t.deepEqual(
    network.warnings.map(({ code }) => code),
    ['IGNORED_OUTPUTS'],
  );
});

test('an unsorted graph is sorted', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 2] } },
    nodes: [
      { op: 'Relu', inputs: ['c'], outputs: ['y'] },
      { op: 'Neg', inputs: ['b'], outputs: ['c'] },
      { op: 'Exp', inputs: ['x'], outputs: ['b'] },
    ],
    outputs: ['y'],
  });
  t.deepEqual([...network.operators.keys()], ['Exp', 'Neg', 'Relu']);
  t.deepEqual(network.apply(input('x', [1, 2]), {}).op, 'relu');
});

test('a weight behind a comparison is a parameter that cannot be trained', async (t) => {
  const network = await load({
    inputs: { x: { shape: ['batch', 2] } },
    initializers: { threshold: tensor([0, 1]), scale: tensor([1, 2]) },
    nodes: [
      { op: 'Greater', inputs: ['x', 'threshold'], outputs: ['mask'] },
      { op: 'Cast', inputs: ['mask'], outputs: ['real'], attributes: { to: 1 } },
      { op: 'Mul', inputs: ['real', 'scale'], outputs: ['y'] },
    ],
    outputs: ['y'],
  });
  t.deepEqual(
    [...network.parameters.values()].map(({ name, trainable }) => [name, trainable]),
    [
      ['threshold', false],
      ['scale', true],
    ],
  );
  t.deepEqual(Object.keys(network.initialParameters()), ['scale']);
  t.deepEqual(network.apply(input('x', [3, 2]), network.parameterNodes()).shape, [3, 2]);
});

test('a model fixed to one batch size works with another until the size is written into it', async (t) => {
  const flat = await load({
    inputs: { x: { shape: [1, 2, 3] } },
    nodes: [{ op: 'Flatten', inputs: ['x'], outputs: ['y'] }],
    outputs: ['y'],
  });
  t.deepEqual(flat.apply(input('x', [5, 2, 3]), {}).shape, [5, 6]);
  const stuck = await load({
    inputs: { x: { shape: [1, 2, 3] } },
    initializers: { shape: int64s([1, -1]) },
    nodes: [{ op: 'Reshape', inputs: ['x', 'shape'], outputs: ['y'] }],
    outputs: ['y'],
  });
  t.deepEqual(
    stuck.warnings.map(({ code }) => code),
    ['NO_PARAMETERS', 'FIXED_BATCH'],
  );
  t.throws(() => stuck.apply(input('x', [5, 2, 3]), {}), { code: 'SHAPE_MISMATCH', message: /dynamic batch/ });
});

test('unknown load options are refused', async (t) => {
  // @ts-expect-error an option that does not exist
  await t.throwsAsync(() => Network.load(encode(buildModel(linear)), { unite: true }), { code: 'UNKNOWN_OPTION' });
  // @ts-expect-error neither a path nor bytes
  await t.throwsAsync(() => Network.load(7), { code: 'INVALID_ARGUMENT' });
});
