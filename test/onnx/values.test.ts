import test from 'ava';
import { add, evaluate, gradient, inner, input, type Node } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { testDevice } from '../support/devices.js';
import { runNative } from '../support/engine/run-native.js';
import { type AttributeValue, buildModel, encode, int64s, type TestNode, tensor } from '../support/onnx/builder.js';
import { evaluateModel } from '../support/onnx/operator-case.js';

const [largest, smallest] = [2n ** 63n - 1n, -(2n ** 63n)];

test('the ends of the 64-bit integers in a Constant open a slice in either direction', async (t) => {
  const constant = (name: string, value: AttributeValue): TestNode => {
    return { op: 'Constant', inputs: [], outputs: [name], attributes: { value_ints: value } };
  };
  const bytes = encode(
    buildModel({
      opset: 18,
      inputs: { x: { shape: ['n', 4] } },
      nodes: [
        constant('starts', [1, largest]),
        constant('ends', [largest, smallest]),
        constant('axes', [0, 1]),
        constant('steps', [1, -1]),
        { op: 'Slice', inputs: ['x', 'starts', 'ends', 'axes', 'steps'], outputs: ['y'] },
      ],
      outputs: ['y'],
    }),
  );
  t.deepEqual(await evaluateModel(bytes, tensor([1, 2, 3, 4, 5, 6, 7, 8], [2, 4])), {
    shape: [1, 4],
    data: [8, 7, 6, 5],
  });
});

test('a constant infinity becomes the outermost integer, and no number becomes 0', async (t) => {
  const reals = tensor([-Infinity, Infinity, Number.NaN, 1e30]);
  const bytes = encode(
    buildModel({
      inputs: { x: { shape: [4] } },
      initializers: { seven: int64s([7], []) },
      nodes: [
        { op: 'Constant', inputs: [], outputs: ['reals'], attributes: { value: { tensor: reals } } },
        { op: 'Cast', inputs: ['reals'], outputs: ['integers'], attributes: { to: 7 } },
        { op: 'Div', inputs: ['integers', 'integers'], outputs: ['ones'] },
        { op: 'Min', inputs: ['integers', 'seven'], outputs: ['least'] },
        { op: 'Mul', inputs: ['ones', 'least'], outputs: ['signs'] },
        { op: 'Cast', inputs: ['signs'], outputs: ['h'], attributes: { to: 1 } },
        { op: 'Add', inputs: ['x', 'h'], outputs: ['y'] },
      ],
      outputs: ['y'],
    }),
  );
  t.deepEqual((await evaluateModel(bytes, tensor([0, 0, 0, 0]))).data, [Number.MIN_SAFE_INTEGER, 7, 0, 7]);
});

test('an integer that no constant holds exactly is computed by the engine, which has 64 bits', async (t) => {
  const bytes = encode(
    buildModel({
      inputs: { x: { shape: [1] } },
      initializers: { wide: int64s([2 ** 40]), small: int64s([2 ** 20]) },
      nodes: [
        { op: 'Mul', inputs: ['wide', 'small'], outputs: ['product'] },
        { op: 'Div', inputs: ['product', 'wide'], outputs: ['quotient'] },
        { op: 'Cast', inputs: ['quotient'], outputs: ['h'], attributes: { to: 1 } },
        { op: 'Add', inputs: ['x', 'h'], outputs: ['y'] },
      ],
      outputs: ['y'],
    }),
  );
  const network = await Network.load(bytes);
  const x = input('x', [1]);
  using device = testDevice();
  const result = await runNative(
    device,
    { outputs: { y: network.apply(x, {}) } },
    new Map([[x, Float64Array.of(0.5)]]),
  );
  t.deepEqual([...(result.get('y') ?? [])], [2 ** 20 + 0.5]);
});

/** Operators that take a norm, of planes of which the first is zero. */
const norms: readonly (readonly [op: string, attributes: Readonly<Record<string, AttributeValue>>])[] = [
  ['LpNormalization', { axis: -1, p: 1 }],
  ['LpNormalization', { axis: -1, p: 2 }],
  ['ReduceL2', { axes: [3] }],
  ['LpPool', { kernel_shape: [1, 2], p: 2 }],
  ['LpPool', { kernel_shape: [1, 2], p: 3 }],
  ['GlobalLpPool', { p: 2 }],
  ['GlobalLpPool', { p: 3 }],
];

for (const [op, attributes] of norms) {
  test(`the derivatives of ${op} with ${JSON.stringify(attributes)} are finite at zero, of first and second order`, async (t) => {
    const model = buildModel({
      inputs: { x: { shape: [1, 2, 1, 2] } },
      nodes: [{ op, inputs: ['x'], outputs: ['y'], attributes }],
      outputs: ['y'],
    });
    const network = await Network.load(encode(model));
    const x = input('x', [1, 2, 1, 2]);
    const y = network.apply(x, {});
    const [first] = gradient(inner([y], [add(y, 1)]), [x]) as [Node];
    const [second] = gradient(inner([first], [add(first, 1)]), [x]) as [Node];
    const [values, slopes, curvatures] = evaluate([y, first, second], new Map([[x, Float64Array.of(0, 0, 3, -4)]]));
    for (const list of [values, slopes, curvatures]) t.true(list?.every(Number.isFinite), String(list));
    t.deepEqual([...(slopes?.slice(0, 2) ?? [])], [0, 0]);
    t.true(slopes?.slice(2).some((slope) => slope !== 0));
  });
}
