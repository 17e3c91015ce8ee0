import { type OperatorCase, random } from '../operator-case.js';
import { image, signal, unary, volume } from './common.js';

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
  ...['MaxPool', 'AveragePool'].flatMap((op): OperatorCase[] => [
    { op, note: '3-D', opsets: [11, 19], inputs: [volume], attributes: { kernel_shape: [2, 3, 2] } },
    {
      op,
      note: '3-D with strides and pads',
      opsets: [11, 22],
      inputs: [volume],
      attributes: { kernel_shape: [3, 2, 3], strides: [2, 1, 2], pads: [1, 0, 1, 2, 1, 1] },
    },
    {
      op,
      note: '3-D in ceil mode',
      opsets: [19],
      inputs: [volume],
      attributes: { kernel_shape: [2, 2, 2], strides: [2, 3, 2], ceil_mode: 1 },
    },
  ]),
  {
    op: 'MaxPool',
    note: '3-D with dilations',
    opsets: [12],
    inputs: [volume],
    attributes: { kernel_shape: [2, 2, 2], dilations: [2, 1, 3] },
  },
  ...[0, 1].flatMap((count): OperatorCase[] => [
    {
      op: 'AveragePool',
      note: `dilations, padding ${count ? 'counts' : 'does not count'}`,
      opsets: [19],
      inputs: [image],
      attributes: { kernel_shape: [2, 3], dilations: [2, 2], pads: [1, 1, 0, 2], count_include_pad: count },
    },
    {
      op: 'AveragePool',
      note: `3-D, padding ${count ? 'counts' : 'does not count'}`,
      opsets: [19],
      inputs: [volume],
      attributes: { kernel_shape: [2, 3, 2], pads: [1, 1, 0, 0, 2, 1], count_include_pad: count },
    },
  ]),
  ...[1, 2, 3].flatMap((p): OperatorCase[] => [
    { op: 'LpPool', note: `p = ${p}`, opsets: [7, 11], inputs: [image], attributes: { kernel_shape: [2, 3], p } },
    { op: 'GlobalLpPool', note: `p = ${p}`, opsets: [7, 9], inputs: [image], attributes: { p } },
  ]),
  {
    op: 'LpPool',
    note: 'strides, dilations and pads',
    opsets: [18],
    inputs: [image],
    attributes: { kernel_shape: [2, 3], strides: [2, 1], dilations: [2, 2], pads: [1, 0, 0, 2] },
  },
  ...[0, 1].map(
    (order): OperatorCase => ({
      op: 'MaxPool',
      note: `places, storage order ${order}`,
      opsets: [12],
      inputs: [image],
      attributes: { kernel_shape: [2, 3], strides: [2, 1], pads: [1, 0, 0, 1], storage_order: order },
      outputs: 2,
    }),
  ),
  {
    op: 'MaxPool',
    note: 'places in one dimension',
    opsets: [12],
    inputs: [signal],
    attributes: { kernel_shape: [2] },
    outputs: 2,
  },
];
