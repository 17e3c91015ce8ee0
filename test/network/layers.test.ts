import test from 'ava';
import { compile } from '../../lib/compile/index.js';
import { bindTensors } from '../../lib/engine/index.js';
import { evaluate, input, reshape } from '../../lib/graph/index.js';
import { checkFit } from '../../lib/network/classifier.js';
import { buildLayers } from '../../lib/network/layers.js';
import {
  featureNames,
  findModel,
  loadFeatures,
  loadModel,
  modelNames,
  networkNames,
} from '../../lib/network/models.js';
import { Network } from '../../lib/onnx/index.js';
import { elementCount, Tensor } from '../../lib/tensor.js';
import { testDevice } from '../support/devices.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const device = testDevice();
test.after.always(() => device.dispose());

const shapes = (network: Network): string[] =>
  [...network.parameters.values()].map(({ shape }) => shape.join('x')).toSorted();

for (const name of modelNames()) {
  test(`${name} is the file for MNIST, and the same layers for data of other sizes`, async (t) => {
    const file = await Network.load(findModel(name));
    const mnist = { inputShape: [1, 28, 28], classes: 10 };
    t.true(Buffer.from((await loadModel(name, mnist)).toBytes()).equals(file.toBytes()));
    const [last = ''] = shapes(file).filter((shape) => shape === '10');
    t.is(last, '10');
    // One class more changes the last layer alone.
    const more = await loadModel(name, { ...mnist, classes: 11 });
    t.deepEqual(
      shapes(more),
      shapes(file)
        .map((shape) => shape.replace(/^10(x|$)/, '11$1'))
        .toSorted(),
    );
    t.deepEqual(
      [...more.operators.keys()].filter((op) => !['Flatten', 'Reshape'].includes(op)).toSorted(),
      [...file.operators.keys()].filter((op) => !['Flatten', 'Reshape'].includes(op)).toSorted(),
    );
    const colours = await loadModel(name, { inputShape: [3, 32, 36], classes: 4 });
    t.notThrows(() => checkFit(colours, [3, 32, 36], 4));
    const again = await loadModel(name, { inputShape: [3, 32, 36], classes: 4 });
    t.true(Buffer.from(again.toBytes()).equals(colours.toBytes()));
  });
}

test('first weights are uniform within 1 / sqrt(inputs of a unit), and ONNX Runtime computes the same', async (t) => {
  const bytes = buildLayers(
    'small',
    [
      { kind: 'conv', channels: 2, kernel: 3, padding: 1 },
      { kind: 'relu' },
      { kind: 'maxPool' },
      { kind: 'flatten' },
      { kind: 'dense' },
    ],
    [1, 5, 4],
    { classes: 3 },
  );
  const network = await Network.load(bytes);
  const kernels = network.parameters.get('0.weight')?.value.toArray() ?? [];
  t.true(
    kernels.every((value) => Math.abs(value) <= 1 / 3) && Math.max(...kernels) > 0.2 && Math.min(...kernels) < -0.2,
  );
  const image = Array.from({ length: 40 }, (_, index) => Math.sin(index));
  const x = input('x', [2, 1, 5, 4]);
  const nodes = network.parameterNodes();
  const values = new Map(
    Object.entries(nodes).map(([name, node]) => [
      node,
      Float64Array.from(network.parameters.get(name)?.value.toArray() ?? []),
    ]),
  );
  const [logits] = evaluate([network.apply(x, nodes)], new Map([...values, [x, Float64Array.from(image)]]));
  const expected = await runByRuntime(bytes, { input: { type: 'float32', shape: [2, 1, 5, 4], data: image } });
  t.is(logits?.length, 6);
  for (const [at, value] of (logits ?? []).entries())
    t.true(Math.abs(value - (expected.data[at] ?? Number.NaN)) < 1e-5);
});

/** Counted by hand; those of the paper's Table 7 in thousands: 1.2 million and, of grey images, 1.3 million. */
const published = { 'cifar-cnn': { channels: 3, count: 1_172_410 }, 'svhn-cnn': { channels: 1, count: 1_340_650 } };

for (const [name, { channels, count }] of Object.entries(published)) {
  test(`${name} has the paper's parameters and needs no file`, async (t) => {
    t.false(modelNames().includes(name));
    const inputShape = [channels, 32, 32];
    const network = await loadModel(name, { inputShape, classes: 10 });
    t.notThrows(() => checkFit(network, inputShape, 10));
    const sizes = [...network.parameters.values()].map(({ shape }) => elementCount(shape));
    t.is(
      sizes.reduce((sum, each) => sum + each, 0),
      count,
    );
  });
}

test('every file of the package is among the networks that are known', (t) => {
  t.deepEqual(
    modelNames().filter((name) => !networkNames.includes(name)),
    [],
  );
});

/**
 * Parameters for colour images of 84 x 84, counted by hand as kernels, biases, scales and shifts; those of resnet-12
 * and resnet-18 are the published ones.
 */
const features = {
  'conv4-64': { count: 9 * (3 + 3 * 64) * 64 + 12 * 64, statistics: 8, small: 16, ofSmall: 64, of84: 25 * 64 },
  'conv4-32': { count: 9 * (3 + 3 * 32) * 32 + 12 * 32, statistics: 8, small: 16, ofSmall: 32, of84: 25 * 32 },
  'resnet-12': { count: 12_424_320, statistics: 32, small: 16, ofSmall: 640, of84: 640 },
  'residual-384': { count: 3_544_512, statistics: 24, small: 16, ofSmall: 384, of84: 384 },
  'lenet-84': { count: 456 + 2_416 + 48_120 + 84 * (27_000 + 1), statistics: 0, small: 28, ofSmall: 84, of84: 84 },
  'resnet-18': { count: 11_168_832, statistics: 40, small: 16, ofSmall: 512, of84: 512 },
};

test('every network of features has a size that is known', (t) => {
  t.deepEqual(Object.keys(features), [...featureNames]);
});

for (const [name, { count, statistics, small, ofSmall, of84 }] of Object.entries(features)) {
  test(`${name} gives features of images, and ONNX Runtime the same`, async (t) => {
    const large = await loadFeatures(name, [3, 84, 84]);
    const sizes = [...large.parameters.values()].map(({ shape }) => elementCount(shape));
    t.is(
      sizes.reduce((sum, each) => sum + each, 0),
      count,
    );
    t.is(large.state.size, statistics);
    t.deepEqual(large.apply(input('x', [2, 3, 84, 84]), large.parameterNodes()).shape, [2, of84]);
    const network = await loadFeatures(name, [1, small, small]);
    const x = input('x', [2, 1, small, small]);
    const nodes = network.parameterNodes();
    t.deepEqual(network.apply(x, nodes).shape, [2, ofSmall]);
    const image = Tensor.from(
      Array.from({ length: 2 * small ** 2 }, (_, index) => Math.sin(index * index)),
      [2, 1, small, small],
    );
    const tensors = Object.fromEntries(
      Object.entries(nodes).map(([name, node]) => [
        (node.attributes as { readonly name: string }).name,
        network.parameters.get(name)?.value ?? network.initialState()[name],
      ]),
    );
    const featuresOf = async (training?: boolean): Promise<number[]> => {
      const y = network.apply(x, nodes, training === undefined ? {} : { training });
      const result = Tensor.zeros([2, ofSmall]);
      const compiled = compile({ outputs: { y: reshape(y, [2, ofSmall]) } });
      using program = device.load(compiled);
      await program.run(bindTensors(compiled, { ...tensors, x: image, y: result } as Record<string, Tensor>));
      return result.toArray();
    };
    const found = await featuresOf();
    t.deepEqual(found, await featuresOf(true));
    // What normalizes by the batch in training has statistics of its own for later.
    if (statistics > 0) t.notDeepEqual(found, await featuresOf(false));
    const expected = await runByRuntime(network.toBytes(), {
      input: { type: 'float32', shape: [2, 1, small, small], data: image.toArray() },
    });
    const worst = Math.max(...found.map((value, at) => Math.abs(value - (expected.data[at] ?? Number.NaN))));
    t.true(worst < 1e-3, `${worst}`);
  });
}

test('data that are no images, or too small, are refused with the network', async (t) => {
  t.is((await loadModel('mlp', { inputShape: [4], classes: 3 })).inputShape(2).join(), '2,4');
  for (const inputShape of [[4], [1, 6, 6]]) {
    await t.throwsAsync(loadModel('lenet', { inputShape, classes: 3 }), {
      code: 'SHAPE_MISMATCH',
      message: /The network lenet takes images \[channels, height, width\] that are larger, but the data have/,
    });
  }
  await t.throwsAsync(loadModel('own', { inputShape: [4], classes: 3 }), { code: 'INVALID_ARGUMENT' });
});
