import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { type CheckResult, checkNetwork, randomPoint, withinTolerance } from '../../lib/checking/index.js';
import { inspectStep } from '../../lib/checking/inspection.js';
import { onnxRuntimeOutput } from '../../lib/cli/onnx-runtime.js';
import { Random } from '../../lib/data/random.js';
import type { Loss } from '../../lib/network/costs.js';
import { Network } from '../../lib/onnx/index.js';
import { elementCount } from '../../lib/tensor.js';
import { bilevel, errorOf } from '../support/command-line.js';
import { testDevice } from '../support/devices.js';
import { buildModel, encode, int64s, type TestModel, type TestTensor, tensor } from '../support/onnx/builder.js';
import { withTemporary } from '../support/temporary.js';

const random = Random.fromSeed(3, 'networks to check');
function weights(...shape: number[]): TestTensor {
  return tensor(
    Array.from({ length: elementCount(shape) }, () => Math.fround(random.normal())),
    shape,
  );
}

/** Tokens and a mask of them to an embedding of the sequence, and from that to three outputs. */
const tokens: TestModel = {
  inputs: {
    tokens: { type: 'int64', shape: ['batch', 'length'] },
    keep: { type: 'bool', shape: ['batch', 'length'] },
  },
  initializers: {
    table: weights(11, 4),
    a: weights(4, 3),
    b: weights(4, 1),
    last: int64s([-1]),
    middle: int64s([1]),
    low: tensor([-1e9], []),
    none: tensor([0], []),
  },
  nodes: [
    { op: 'Gather', inputs: ['table', 'tokens'], outputs: ['embedded'] },
    { op: 'Where', inputs: ['keep', 'none', 'low'], outputs: ['bias'] },
    { op: 'Softmax', inputs: ['bias'], outputs: ['share'], attributes: { axis: -1 } },
    { op: 'Unsqueeze', inputs: ['share', 'last'], outputs: ['shares'] },
    { op: 'Mul', inputs: ['embedded', 'shares'], outputs: ['weighted'] },
    { op: 'ReduceSum', inputs: ['weighted', 'middle'], outputs: ['h'], attributes: { keepdims: 0 } },
    { op: 'Tanh', inputs: ['h'], outputs: ['t'] },
    { op: 'MatMul', inputs: ['t', 'a'], outputs: ['logits'] },
    { op: 'MatMul', inputs: ['t', 'b'], outputs: ['value'] },
    { op: 'ArgMax', inputs: ['logits'], outputs: ['class'], attributes: { axis: 1, keepdims: 0 } },
  ],
  outputs: ['logits', 'value', 'class'],
};

/** A regression of images that ends in its own loss. */
const loss: TestModel = {
  inputs: { x: { shape: ['batch', 3] }, y: { shape: ['batch', 1] } },
  initializers: { w: weights(3, 1) },
  nodes: [
    { op: 'MatMul', inputs: ['x', 'w'], outputs: ['z'] },
    { op: 'Sub', inputs: ['z', 'y'], outputs: ['d'] },
    { op: 'Mul', inputs: ['d', 'd'], outputs: ['dd'] },
    { op: 'ReduceMean', inputs: ['dd'], outputs: ['loss'], attributes: { keepdims: 0 } },
  ],
  outputs: ['loss'],
};

/** Images to images, for batches of one alone: the batch is written into a shape. */
const images: TestModel = {
  inputs: { x: { shape: [1, 1, 4, 4] } },
  initializers: { w: weights(1, 1, 3, 3), shape: int64s([1, 2, 2]) },
  nodes: [
    { op: 'Conv', inputs: ['x', 'w'], outputs: ['y'] },
    { op: 'Relu', inputs: ['y'], outputs: ['z'] },
    { op: 'Reshape', name: 'view', inputs: ['z', 'shape'], outputs: ['image'] },
  ],
  outputs: ['image'],
};

/**
 * Batch normalization of two values per channel, and a second one that starts at 0, so that ReLU behind it is on its
 * kink.
 */
const normalized: TestModel = {
  inputs: { x: { shape: ['batch', 3, 1, 1] } },
  initializers: {
    w: weights(3, 3, 1, 1),
    one: tensor([1, 1, 1]),
    zero: tensor([0, 0, 0]),
    gamma: tensor([0, 0, 0]),
    mean: tensor([0, 0, 0]),
    variance: tensor([1, 1, 1]),
    flat: int64s([0, -1]),
    head: weights(3, 2),
  },
  nodes: [
    { op: 'Conv', inputs: ['x', 'w'], outputs: ['c'] },
    ...['one', 'gamma'].map((scale, index) => ({
      op: 'BatchNormalization',
      inputs: [index === 0 ? 'c' : 'r', scale, 'zero', 'mean', 'variance'],
      outputs: [`n${index}`, `m${index}`, `v${index}`],
      attributes: { training_mode: 1 },
    })),
    { op: 'Relu', inputs: ['n0'], outputs: ['r'] },
    { op: 'Add', inputs: ['r', 'n1'], outputs: ['s'] },
    { op: 'Relu', inputs: ['s'], outputs: ['q'] },
    { op: 'Reshape', inputs: ['q', 'flat'], outputs: ['f'] },
    { op: 'MatMul', inputs: ['f', 'head'], outputs: ['y'] },
  ],
  outputs: ['y'],
};

/** Nothing to train, and an input of as many axes as one likes. */
const parameterless: TestModel = {
  inputs: { x: { shape: ['batch', 'width'] } },
  nodes: [{ op: 'Softmax', inputs: ['x'], outputs: ['y'] }],
  outputs: ['y'],
};

const device = testDevice();
test.after.always(() => device.dispose());

interface Choices {
  readonly output?: string;
  readonly loss?: Loss;
  readonly batch?: number;
  readonly sizes?: Readonly<Record<string, number>>;
}

/** A check of a model, with ONNX Runtime. */
function check(model: TestModel, { output, loss: chosen, batch, sizes }: Choices): Promise<CheckResult> {
  return withTemporary(async (folder) => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, encode(buildModel(model)));
    const network = await Network.load(path, output === undefined ? {} : { outputs: [output] });
    const point = randomPoint(network, { batch, usualBatch: 4, sizes }, 0, chosen);
    return checkNetwork(network, point, device, { oracle: await onnxRuntimeOutput(path) });
  });
}

interface Row extends Choices {
  readonly name: string;
  readonly model: TestModel;
  readonly first: 'logits' | 'output';
  /** Whether there are derivatives. */
  readonly derives: boolean;
}

const rows: readonly Row[] = [
  { name: 'tokens with a mask', model: tokens, first: 'logits', derives: true },
  { name: 'a regression', model: tokens, output: 'value', first: 'output', derives: true },
  {
    name: 'logits judged by squares, of sequences of 5',
    model: tokens,
    output: 'logits',
    loss: 'squares',
    sizes: { length: 5 },
    first: 'output',
    derives: true,
  },
  { name: 'an output of integers', model: tokens, output: 'class', first: 'output', derives: false },
  { name: 'a loss', model: loss, first: 'output', derives: true },
  { name: 'images of a fixed batch of one', model: images, first: 'output', derives: true },
  { name: 'no parameters', model: parameterless, first: 'logits', derives: false },
];

for (const { name, model, first, derives, ...choices } of rows) {
  test.serial(`${name}: values and derivatives are checked, and a step is inspected`, async (t) => {
    const { errors, comparisons, differences, notes, reasons } = await check(model, choices);
    t.true(withinTolerance(errors), JSON.stringify(reasons));
    t.is(Object.keys(errors).length, derives ? 10 : 1);
    t.deepEqual(Object.keys(comparisons.oracle), [first]);
    for (const each of Object.values(differences)) t.is(each.compared, 2);
    t.deepEqual(
      notes.map(({ code }) => code),
      derives ? [] : ['VALUES_ONLY'],
    );

    const { output, batch, sizes } = choices;
    const network = await Network.load(encode(buildModel(model)), output === undefined ? {} : { outputs: [output] });
    const step = inspectStep(network, { batch, usualBatch: 4, sizes }, device);
    if ('reason' in step) t.regex(step.reason, derives ? /^$/ : /no trainable parameters/);
    else t.true(derives && step.lower.stepFlops > step.upper.stepFlops);
  });
}

for (const batch of [2, 3]) {
  test.serial(`statistics of ${batch} values and activations on their kink raise no false alarm`, async (t) => {
    const { errors, differences, reasons } = await check(normalized, { batch });
    t.true(withinTolerance(errors), JSON.stringify(reasons));
    for (const each of Object.values(differences)) t.true(each.compared > 0);
  });
}

test('an error has a reason: the values, where they are, and the parameter', async (t) => {
  const { reasons } = await withTemporary(async (folder) => {
    await writeFile(join(folder, 'model.onnx'), encode(buildModel(loss)));
    const network = await Network.load(join(folder, 'model.onnx'));
    const point = randomPoint(network, { usualBatch: 4 }, 0);
    return checkNetwork(network, point, device, { oracle: async () => Float64Array.of(Number.NaN) });
  });
  t.deepEqual(Object.keys(reasons), ['output']);
  t.regex(reasons.output ?? '', /The engine gives .* where ONNX Runtime gives NaN, at element 0 of 2: .*not finite/);
});

test('a small file that asks for more values than there is memory is not checked', async (t) => {
  const network = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', 1] } },
        initializers: { shape: int64s([2 ** 14, 2 ** 15]) },
        nodes: [
          { op: 'Expand', inputs: ['x', 'shape'], outputs: ['many'] },
          { op: 'ReduceSum', inputs: ['many'], outputs: ['y'] },
        ],
        outputs: ['y'],
      }),
    ),
  );
  t.throws(() => randomPoint(network, { batch: 1, usualBatch: 1 }, 0), {
    code: 'LIMIT_EXCEEDED',
    message: /all values on the way to it have 536870\d+ elements; networks are checked up to/,
  });
});

test('sizes and losses that do not fit are refused with what would', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'model.onnx');
    await writeFile(path, encode(buildModel(images)));
    const batch = errorOf(await bilevel('check', path, '--batch', '2', '--json'));
    t.is(batch.code, 'SHAPE_MISMATCH');
    t.regex(batch.message, /Reshape node "view".*fixes batches of 1/);
    t.regex(errorOf(await bilevel('check', path, '--size', 'width=3', '--json')).message, /the file fixes all sizes/);
    const logits = errorOf(await bilevel('check', path, '--loss', 'crossEntropy', '--json'));
    t.regex(logits.message, /logits float32\[1, classes\].*float32\[1, 2, 2\]/);
    t.regex(errorOf(await bilevel('check', path, '--size', '3', '--json')).message, /NAME=INTEGER/);
    t.regex(errorOf(await bilevel('inspect', path, '--output', 'imag', '--json')).message, /"image".*"imag"/);
  }));
