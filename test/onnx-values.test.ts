import test from 'ava';
import {
  type AttributeValue,
  bools,
  buildModel,
  encode,
  int64s,
  type TestTensor,
  tensor,
} from './support/onnx-builder.js';
import { evaluateModel } from './support/operator-case.js';

/** Values that the definition of ONNX gives and ONNX Runtime refuses to compute. */
const known: Readonly<
  Record<
    string,
    {
      readonly op: string;
      readonly inputs: readonly TestTensor[];
      readonly attributes?: Readonly<Record<string, AttributeValue>>;
      readonly expected: readonly number[];
    }
  >
> = {
  'the largest of no bools is false': { op: 'ReduceMax', inputs: [bools([], [2, 0]), int64s([1])], expected: [0, 0] },
  'the smallest of no bools is true': { op: 'ReduceMin', inputs: [bools([], [2, 0]), int64s([1])], expected: [1, 1] },
  // What torch.nn.functional.conv_transpose1d gives.
  'output padding of two strides behind a dilated kernel': {
    op: 'ConvTranspose',
    inputs: [tensor([1, 1], [1, 1, 2]), tensor([1, 2], [1, 1, 2]), tensor([0.5])],
    attributes: { dilations: [3], output_padding: [2] },
    expected: [1.5, 1.5, 0.5, 2.5, 2.5, 0.5, 0.5],
  },
  'an output shape of three strides more': {
    op: 'ConvTranspose',
    inputs: [tensor([1, 2], [1, 1, 2]), tensor([1], [1, 1, 1])],
    attributes: { strides: [2], output_shape: [9] },
    expected: [1, 0, 2, 0, 0, 0, 0, 0, 0],
  },
};

for (const [what, { op, inputs, attributes, expected }] of Object.entries(known)) {
  test(what, async (t) => {
    const [x = tensor([]), ...stored] = inputs;
    const names = stored.map((_, index) => `input${index}`);
    const bytes = encode(
      buildModel({
        opset: 22,
        inputs: { x },
        initializers: Object.fromEntries(stored.map((value, index) => [`input${index}`, value])),
        nodes: [{ op, inputs: ['x', ...names], outputs: ['y'], attributes: { ...attributes } }],
        outputs: ['y'],
      }),
    );
    t.deepEqual((await evaluateModel(bytes, x)).data, [...expected]);
  });
}
