import { type OperatorCase, random } from '../operator-case.js';
import { image, signal, unary } from './common.js';

export const pooling: readonly OperatorCase[] = [
  ...['MaxPool', 'AveragePool'].flatMap((op): OperatorCase[] => [
    { op, opsets: [9, 10, 11, 19, 22], inputs: [image], attributes: { kernel_shape: [2, 3] } },
    {
      op,
      note: 'strides and pads',
      opsets: [9, 11, 22],
      inputs: [image],
      attributes: { kernel_shape: [3, 3], strides: [2, 1], pads: [1, 0, 2, 2] },
    },
    { op, note: '1-D', opsets: [9, 12], inputs: [signal], attributes: { kernel_shape: [3], strides: [2] } },
    {
      op,
      note: 'ceil mode',
      opsets: [10, 19],
      inputs: [image],
      attributes: { kernel_shape: [2, 2], strides: [2, 4], ceil_mode: 1 },
    },
    {
      op,
      note: 'ceil mode with a last window in the padding',
      opsets: [22],
      inputs: [random([1, 2, 4, 4])],
      attributes: { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 },
    },
    ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map(
      (mode): OperatorCase => ({
        op,
        note: mode,
        opsets: [9, 12],
        inputs: [image],
        attributes: { kernel_shape: [3, 2], strides: [2, 2], auto_pad: mode },
      }),
    ),
  ]),
  {
    op: 'MaxPool',
    note: 'dilations',
    opsets: [10, 12],
    inputs: [image],
    attributes: { kernel_shape: [2, 2], dilations: [3, 2] },
  },
  {
    op: 'AveragePool',
    note: 'padding counts',
    opsets: [9, 11, 19],
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
  },
  {
    op: 'AveragePool',
    note: 'padding counts in ceil mode',
    opsets: [19],
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0], count_include_pad: 1, ceil_mode: 1 },
  },
  {
    op: 'MaxPool',
    note: 'with strides',
    opsets: [7],
    inputs: [image],
    attributes: { kernel_shape: [3, 2], strides: [2, 1] },
  },
  ...unary(['GlobalAveragePool', 'GlobalMaxPool'], image, [9, 22]),
  ...unary(['GlobalAveragePool', 'GlobalMaxPool'], signal, [9]),
];
