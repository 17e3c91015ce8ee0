import { tensor } from '../builder.js';
import { type OperatorCase, random } from '../operator-case.js';
import { every, image, signal, volume } from './common.js';

export const convolution: readonly OperatorCase[] = [
  { op: 'Conv', opsets: every, inputs: [image, random([4, 3, 3, 2]), random([4])] },
  {
    op: 'Conv',
    note: 'without bias',
    opsets: [11],
    inputs: [image, random([4, 3, 3, 3])],
    attributes: { kernel_shape: [3, 3] },
  },
  {
    op: 'Conv',
    note: 'strides, dilations and uneven pads',
    opsets: every,
    inputs: [image, random([4, 3, 3, 2]), random([4])],
    attributes: { strides: [2, 1], dilations: [2, 3], pads: [1, 0, 2, 3] },
  },
  {
    op: 'Conv',
    note: 'groups',
    opsets: [11],
    inputs: [random([2, 6, 5, 5]), random([4, 3, 3, 3])],
    attributes: { group: 2 },
  },
  { op: 'Conv', note: 'depthwise', opsets: [11], inputs: [image, random([6, 1, 3, 3])], attributes: { group: 3 } },
  {
    op: 'Conv',
    note: '1-D',
    opsets: [9, 11],
    inputs: [signal, random([4, 3, 3]), random([4])],
    attributes: { strides: [2], pads: [1, 1] },
  },
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map(
    (mode): OperatorCase => ({
      op: 'Conv',
      note: mode,
      opsets: [9, 11, 22],
      inputs: [image, random([4, 3, 3, 2])],
      attributes: { auto_pad: mode, strides: [2, 3] },
    }),
  ),
  { op: 'ConvTranspose', opsets: [9, 11, 22], inputs: [image, random([3, 4, 3, 2]), random([4])] },
  {
    op: 'ConvTranspose',
    note: 'strides, dilations, pads and output padding',
    opsets: [11],
    inputs: [image, random([3, 4, 3, 2]), random([4])],
    attributes: { strides: [3, 2], dilations: [2, 1], pads: [1, 0, 2, 1], output_padding: [2, 1] },
  },
  {
    op: 'ConvTranspose',
    note: 'groups',
    opsets: [11],
    inputs: [random([2, 4, 5, 5]), random([4, 3, 3, 3])],
    attributes: { group: 2 },
  },
  { op: 'ConvTranspose', note: '1-D', opsets: [11], inputs: [signal, random([3, 2, 3])], attributes: { strides: [2] } },
  {
    op: 'ConvTranspose',
    note: 'output shape',
    opsets: [11],
    inputs: [image, random([3, 4, 3, 3])],
    attributes: { strides: [2, 2], output_shape: [14, 12] },
  },
  ...['NOTSET', 'SAME_UPPER', 'SAME_LOWER'].map(
    (mode): OperatorCase => ({
      op: 'ConvTranspose',
      note: `output shape beyond the windows, ${mode}`,
      opsets: [11, 22],
      inputs: [image, random([3, 4, 3, 1]), random([4])],
      attributes: { auto_pad: mode, strides: [2, 2], output_shape: [16, 12] },
    }),
  ),
  // What torch.nn.functional.conv_transpose1d gives.
  {
    op: 'ConvTranspose',
    note: 'output padding of two strides behind a dilated kernel',
    opsets: [11],
    inputs: [tensor([1, 1], [1, 1, 2]), tensor([1, 2], [1, 1, 2]), tensor([0.5])],
    attributes: { dilations: [3], output_padding: [2] },
    expected: { shape: [1, 1, 7], data: [1.5, 1.5, 0.5, 2.5, 2.5, 0.5, 0.5] },
  },
  {
    op: 'ConvTranspose',
    note: 'output shape of three strides more',
    opsets: [11],
    inputs: [tensor([1, 2], [1, 1, 2]), tensor([1], [1, 1, 1])],
    attributes: { strides: [2], output_shape: [9] },
    expected: { shape: [1, 1, 9], data: [1, 0, 2, 0, 0, 0, 0, 0, 0] },
  },
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map(
    (mode): OperatorCase => ({
      op: 'ConvTranspose',
      note: mode,
      opsets: [11],
      inputs: [image, random([3, 4, 3, 4])],
      attributes: { auto_pad: mode, strides: [2, 3] },
    }),
  ),
  { op: 'Conv', note: '3-D', opsets: [7, 11], inputs: [volume, random([3, 2, 2, 3, 2]), random([3])] },
  {
    op: 'Conv',
    note: '3-D with strides, dilations, pads and groups',
    opsets: [11, 22],
    inputs: [random([1, 4, 5, 4, 6]), random([4, 2, 2, 2, 3])],
    attributes: { group: 2, strides: [2, 1, 2], dilations: [2, 1, 2], pads: [1, 0, 1, 0, 2, 1] },
  },
  {
    op: 'Conv',
    note: '3-D, SAME_UPPER',
    opsets: [11],
    inputs: [volume, random([3, 2, 2, 3, 2])],
    attributes: { auto_pad: 'SAME_UPPER', strides: [2, 2, 1] },
  },
  { op: 'ConvTranspose', note: '3-D', opsets: [11], inputs: [volume, random([2, 3, 2, 3, 2]), random([3])] },
  {
    op: 'ConvTranspose',
    note: '3-D with strides, dilations, pads, groups and output padding',
    opsets: [11],
    inputs: [random([1, 4, 3, 2, 3]), random([4, 2, 2, 3, 2])],
    attributes: {
      group: 2,
      strides: [2, 1, 3],
      dilations: [2, 1, 1],
      pads: [1, 0, 1, 0, 2, 0],
      output_padding: [1, 0, 2],
    },
  },
];
