import { type OperatorCase, random } from '../operator-case.js';
import { unary } from './common.js';

const swishInput = random([9], 4);

export const activation: readonly OperatorCase[] = [
  ...unary(
    ['Elu', 'HardSigmoid', 'LeakyRelu', 'Relu', 'Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh'],
    random([3, 4], 4),
  ),
  ...['Elu', 'LeakyRelu'].map((op) => ({
    op,
    note: 'alpha',
    opsets: [9, 16],
    inputs: [random([9], 4)],
    attributes: { alpha: { float: 0.3 } },
  })),
  { op: 'Celu', opsets: [12], inputs: [random([9], 4)], attributes: { alpha: { float: 0.7 } } },
  { op: 'ThresholdedRelu', opsets: [10, 22], inputs: [random([9], 4)], attributes: { alpha: { float: 0.7 } } },
  {
    op: 'Selu',
    note: 'alpha and gamma',
    opsets: [9],
    inputs: [random([9], 4)],
    attributes: { alpha: { float: 1.2 }, gamma: { float: 0.9 } },
  },
  {
    op: 'HardSigmoid',
    note: 'alpha and beta',
    opsets: [9],
    inputs: [random([9], 4)],
    attributes: { alpha: { float: 0.4 }, beta: { float: 0.3 } },
  },
  { op: 'Shrink', opsets: [9], inputs: [random([9], 2)], attributes: { bias: { float: 0.3 }, lambd: { float: 0.8 } } },
  { op: 'HardSwish', opsets: [14, 22], inputs: [random([9], 5)] },
  {
    op: 'Swish',
    opsets: [24],
    inputs: [swishInput],
    attributes: { alpha: { float: 0.5 } },
    expected: { shape: [9], data: swishInput.data.map((x) => x / (1 + Math.exp(-0.5 * x))) },
  },
  { op: 'Mish', opsets: [18, 22], inputs: [random([9], 4)] },
  { op: 'Gelu', opsets: [20], inputs: [random([9], 4)] },
  { op: 'Gelu', note: 'tanh', opsets: [20], inputs: [random([9], 4)], attributes: { approximate: 'tanh' } },
  { op: 'PRelu', opsets: [9, 16], inputs: [random([2, 3, 4, 5]), random([3, 1, 1])] },
  ...['Softmax', 'LogSoftmax'].flatMap((op): OperatorCase[] => [
    { op, note: 'default axis', opsets: [9, 11, 13], inputs: [random([2, 3, 4], 5)] },
    { op, note: 'axis 0', opsets: [9, 13], inputs: [random([2, 3, 4])], attributes: { axis: 0 } },
    { op, note: 'axis 2', opsets: [11, 13], inputs: [random([2, 3, 4])], attributes: { axis: 2 } },
    { op, note: 'axis -2', opsets: [11, 13], inputs: [random([2, 3, 4])], attributes: { axis: -2 } },
  ]),
];
