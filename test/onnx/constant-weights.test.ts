import test from 'ava';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { buildModel, encode, type TestModel, type TestNode, type TestTensor, tensor } from '../support/onnx/builder.js';
import { between, evaluateModel, random } from '../support/onnx/operator-case.js';
import { runByRuntime } from '../support/onnx/runtime.js';

const constant = (name: string, value: TestTensor): TestNode => ({
  op: 'Constant',
  inputs: [],
  outputs: [name],
  attributes: { value: { tensor: value } },
});

/**
 * A convolution with a bias of its own, batch normalization, an embedding of fixed rows, and a constant that is no
 * weight.
 */
const model: TestModel = {
  inputs: { x: { shape: ['batch', 2, 4, 4] } },
  nodes: [
    constant('conv.w_0', random([3, 2, 3, 3])),
    constant('conv.b_0', random([3])),
    constant('bn.scale', random([3], 1)),
    constant('bn.bias', random([3], 0.4)),
    constant('bn.mean', random([3], 0.3)),
    constant('bn.variance', between(0.5, 2, [3])),
    constant('linear.w', random([12, 2])),
    constant('linear.b', random([2])),
    constant('twice', tensor([2])),
    constant('shape', { type: 'int64', shape: [4], data: [1, 3, 1, 1] }),
    constant('flat', { type: 'int64', shape: [2], data: [-1, 12] }),
    { op: 'Conv', inputs: ['x', 'conv.w_0'], outputs: ['c'] },
    { op: 'Reshape', inputs: ['conv.b_0', 'shape'], outputs: ['bias'] },
    { op: 'Add', inputs: ['c', 'bias'], outputs: ['a'] },
    { op: 'BatchNormalization', inputs: ['a', 'bn.scale', 'bn.bias', 'bn.mean', 'bn.variance'], outputs: ['n'] },
    { op: 'Mul', inputs: ['n', 'twice'], outputs: ['m'] },
    { op: 'Reshape', inputs: ['m', 'flat'], outputs: ['f'] },
    { op: 'MatMul', inputs: ['f', 'linear.w'], outputs: ['p'] },
    { op: 'Add', inputs: ['p', 'linear.b'], outputs: ['y'] },
  ],
  outputs: ['y'],
};

test('weights that are Constant nodes are parameters, running statistics and saved, other constants are not', async (t) => {
  const bytes = encode(buildModel(model));
  const network = await Network.load(bytes);
  const names = ['conv.w_0', 'conv.b_0', 'bn.scale', 'bn.bias', 'linear.w', 'linear.b'];
  t.deepEqual(Object.keys(network.initialParameters()), names);
  t.deepEqual([...network.state.keys()], ['bn.mean', 'bn.variance']);

  const x = random([3, 2, 4, 4]);
  const close = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((value, index) => Math.abs(value - (b[index] ?? Number.NaN)) < 1e-4);
  const { data: before } = await runByRuntime(bytes, { x });
  t.true(close((await evaluateModel(bytes, x)).data, before));

  const trained = Object.fromEntries(
    Object.entries(network.initialParameters()).map(([name, value]) => [
      name,
      Tensor.from(
        value.toArray().map((number) => 1.5 * number),
        value.shape,
      ),
    ]),
  );
  const saved = network.toBytes(trained);
  const { data: after } = await runByRuntime(saved, { x });
  t.false(close(before, after));
  t.true(close((await evaluateModel(saved, x)).data, after));
  t.deepEqual(Object.keys((await Network.load(saved)).initialParameters()), names);
});

for (const place of ['a Constant node', 'an initializer with a generated name']) {
  test(`zeros with which a recurrent layer begins are not trained (${place})`, async (t) => {
    const weights = { w: random([1, 8, 3]), r: random([1, 8, 2]) };
    const stored = { ...weights, val_0: tensor([0, 0, 0, 0, 0, 0], [1, 3, 2]) };
    const inNodes = place === 'a Constant node';
    const network = await Network.load(
      encode(
        buildModel({
          inputs: { x: { shape: [4, 3, 3] } },
          initializers: inNodes ? {} : stored,
          nodes: [
            ...(inNodes ? Object.entries(stored).map(([name, value]) => constant(name, value)) : []),
            { op: 'LSTM', inputs: ['x', 'w', 'r', '', '', 'val_0', 'val_0'], outputs: ['y'] },
          ],
          outputs: ['y'],
        }),
      ),
    );
    t.deepEqual(Object.keys(network.initialParameters()), Object.keys(weights));
    t.false(network.warnings.some(({ code }) => code === 'ASSUMED_CONSTANTS' || code === 'MERGED_PARAMETERS'));
  });
}

test('files that store weights as initializers keep their constants', async (t) => {
  const network = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', 2] } },
        initializers: { weight: random([2, 2]) },
        nodes: [
          constant('rotation', tensor([0, -1, 1, 0], [2, 2])),
          { op: 'MatMul', inputs: ['x', 'rotation'], outputs: ['r'] },
          { op: 'MatMul', inputs: ['r', 'weight'], outputs: ['y'] },
        ],
        outputs: ['y'],
      }),
    ),
  );
  t.deepEqual(Object.keys(network.initialParameters()), ['weight']);
});
