import type { ConvAttributes } from '../../../graph/ops/conv.js';
import { elementCount, type Shape } from '../../../tensor.js';
import { type Lowering, plain } from './lowering.js';

export const matmul: Lowering<'matmul'> = ({ shape, attributes }, operands) => {
  const { transposeA, transposeB } = attributes;
  const [m, n] = shape.slice(-2) as [number, number];
  const k = operands.shape(0).at(transposeA ? -2 : -1) as number;
  const batch = elementCount(shape.slice(0, -2));
  return plain(
    'matmul',
    [batch, m, n, k, Number(transposeA), Number(transposeB)],
    { a: operands.buffer(0), b: operands.buffer(1), c: operands.target },
    2 * batch * m * n * k,
    { a: operands.view(0).offset, b: operands.view(1).offset, c: 0 },
  );
};

export const conv: Lowering<'conv'> = ({ attributes, shape }, operands) => {
  const { numbers, flops } = convolution(attributes, operands.shape(0), operands.shape(1), shape);
  return plain('conv', numbers, { x: operands.buffer(0), w: operands.buffer(1), y: operands.target }, flops);
};

export const convInputGradient: Lowering<'convInputGradient'> = ({ attributes, shape }, operands) => {
  const { numbers, flops } = convolution(attributes, shape, operands.shape(1), operands.shape(0));
  const buffers = { x: operands.target, w: operands.buffer(1), y: operands.buffer(0) };
  return plain('convInputGradient', numbers, buffers, flops);
};

export const convFilterGradient: Lowering<'convFilterGradient'> = ({ attributes, shape }, operands) => {
  const { numbers, flops } = convolution(attributes, operands.shape(0), shape, operands.shape(1));
  const buffers = { x: operands.buffer(0), w: operands.target, y: operands.buffer(1) };
  return plain('convFilterGradient', numbers, buffers, flops);
};

/** The numbers of a convolution that takes x and w to y, or of a gradient of one. */
function convolution({ strides, dilations, padding, groups }: ConvAttributes, x: Shape, w: Shape, y: Shape) {
  const [batch, inputChannels, ...inputSize] = x as [number, number, ...number[]];
  const [outputChannels, channelsPerGroup, ...kernelSize] = w as [number, number, ...number[]];
  const low = padding.map((pair) => pair[0]);
  const high = padding.map((pair) => pair[1]);
  const sizes = [...inputSize, ...kernelSize, ...y.slice(2), ...strides, ...dilations, ...low, ...high];
  return {
    numbers: [inputSize.length, batch, inputChannels, outputChannels, groups, ...sizes],
    flops: 2 * elementCount(y) * channelsPerGroup * elementCount(kernelSize),
  };
}
