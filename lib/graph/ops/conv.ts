import { elementCount, type Shape, type TensorType } from '../../tensor.js';
import type { Op } from '../op.js';
import { mismatch, requireDType, requireIntegers, requireShape, sizeAt, two } from './infer.js';
import { at } from './offsets.js';

/** Geometry of a convolution in 1 or 2 spatial dimensions; a member's entries are those dimensions. */
export interface ConvAttributes {
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Zeros before and after each dimension. */
  readonly padding: readonly (readonly [low: number, high: number])[];
  readonly groups: number;
}

export interface ConvInputGradientAttributes extends ConvAttributes {
  /** Spatial sizes of x. */
  readonly inputSize: readonly number[];
}

export interface ConvFilterGradientAttributes extends ConvAttributes {
  /** Spatial sizes of w. */
  readonly kernelSize: readonly number[];
}

/** Windows along one dimension: floor((size + padding - dilation (kernel - 1) - 1) / stride) + 1, or 0 if none fits. */
export function windowCount(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  [low, high]: readonly [number, number],
): number {
  return Math.max(0, Math.floor((size + low + high - dilation * (kernel - 1) - 1) / stride) + 1);
}

/**
 * The shape of y = conv(x, w). conv, convInputGradient and convFilterGradient are the three transposes of one trilinear
 * form sum y * (x conv w), so all three check their operands with it.
 */
function outputShape(x: Shape, w: Shape, { strides, dilations, padding, groups }: ConvAttributes): Shape {
  const rank = x.length - 2;
  if (rank !== 1 && rank !== 2)
    throw mismatch('Expected x as [batch, channels, width] or [batch, channels, height, width].');
  if (w.length !== x.length) throw mismatch('Expected w to have the rank of x.');
  requireIntegers(strides, rank, 1, 'strides');
  requireIntegers(dilations, rank, 1, 'dilations');
  requireIntegers(
    padding.map(([low]) => low),
    rank,
    0,
    'padding',
  );
  requireIntegers(
    padding.map(([, high]) => high),
    rank,
    0,
    'padding',
  );
  requireIntegers([groups], 1, 1, 'groups');
  const [batch, channels] = [sizeAt(x, 0), sizeAt(x, 1)];
  const [filters, groupChannels] = [sizeAt(w, 0), sizeAt(w, 1)];
  if (channels !== groupChannels * groups) {
    throw mismatch(`Expected ${groupChannels} x ${groups} group(s) channels in x but received ${channels}.`);
  }
  if (filters % groups !== 0) throw mismatch(`Expected the ${filters} filters to divide into ${groups} groups.`);
  const spatial = strides.map((stride, axis) => {
    const kernel = sizeAt(w, axis + 2);
    if (kernel === 0) throw mismatch('Expected a kernel of at least one element.');
    return windowCount(sizeAt(x, axis + 2), kernel, stride, sizeAt(dilations, axis), padding[axis] ?? [0, 0]);
  });
  return [batch, filters, ...spatial];
}

function requireReal(inputs: readonly TensorType[]): readonly [TensorType, TensorType] {
  const [a, b] = two(inputs);
  requireDType(a, ['float32'], 'the first operand');
  requireDType(b, ['float32'], 'the second operand');
  return [a, b];
}

/** Called for runs of `count` products x[xStart + i * xStep] * w[wIndex] that belong to y[yStart + i]. */
type Visit = (xStart: number, xStep: number, wIndex: number, yStart: number, count: number) => void;

/** First and last + 1 of the windows o with 0 <= o * stride + shift < size. */
function validWindows(shift: number, stride: number, size: number, windows: number): readonly [number, number] {
  const first = Math.max(0, Math.ceil(-shift / stride));
  return [first, Math.max(first, Math.min(windows, Math.ceil((size - shift) / stride)))];
}

/** Visits every product of the convolution once; a 1-D convolution is a 2-D one of height 1. */
function forEachRun(x: Shape, w: Shape, y: Shape, attributes: ConvAttributes, visit: Visit): void {
  const last = x.length - 1;
  const flat = x.length === 3;
  const [height, width] = [flat ? 1 : sizeAt(x, 2), sizeAt(x, last)];
  const [kernelHeight, kernelWidth] = [flat ? 1 : sizeAt(w, 2), sizeAt(w, last)];
  const [rows, columns] = [flat ? 1 : sizeAt(y, 2), sizeAt(y, last)];
  const vertical = {
    stride: flat ? 1 : sizeAt(attributes.strides, 0),
    dilation: flat ? 1 : sizeAt(attributes.dilations, 0),
  };
  const [stride, dilation] = [sizeAt(attributes.strides, last - 2), sizeAt(attributes.dilations, last - 2)];
  const padTop = flat ? 0 : (attributes.padding[0]?.[0] ?? 0);
  const padLeft = attributes.padding[last - 2]?.[0] ?? 0;
  // Where a tap meets the image does not depend on the channel, and on small images most taps meet nothing but padding.
  const taps: { tap: number; xFirst: number; yFirst: number; rowCount: number; count: number }[] = [];
  for (let tap = 0; tap < kernelHeight * kernelWidth; tap++) {
    const rowShift = Math.floor(tap / kernelWidth) * vertical.dilation - padTop;
    const shift = (tap % kernelWidth) * dilation - padLeft;
    const [firstRow, rowLimit] = validWindows(rowShift, vertical.stride, height, rows);
    const [first, limit] = validWindows(shift, stride, width, columns);
    if (firstRow === rowLimit || first === limit) continue;
    const xFirst = (firstRow * vertical.stride + rowShift) * width + first * stride + shift;
    const yFirst = firstRow * columns + first;
    taps.push({ tap, xFirst, yFirst, rowCount: rowLimit - firstRow, count: limit - first });
  }
  const [batch, channels, filters, groupChannels] = [sizeAt(x, 0), sizeAt(x, 1), sizeAt(w, 0), sizeAt(w, 1)];
  const groupFilters = filters / attributes.groups;
  for (let plane = 0; plane < batch * filters; plane++) {
    const filter = plane % filters;
    const firstChannel = Math.floor(plane / filters) * channels + Math.floor(filter / groupFilters) * groupChannels;
    for (let channel = 0; channel < groupChannels; channel++) {
      const xPlane = (firstChannel + channel) * height * width;
      const wPlane = (filter * groupChannels + channel) * kernelHeight * kernelWidth;
      for (const { tap, xFirst, yFirst, rowCount, count } of taps) {
        for (let row = 0; row < rowCount; row++) {
          const xStart = xPlane + xFirst + row * vertical.stride * width;
          visit(xStart, stride, wPlane + tap, (plane * rows + row) * columns + yFirst, count);
        }
      }
    }
  }
}

/** y[b, o] = sum over channels and taps of x[b, c] * w[o, c]: cross-correlation, x as [batch, channels, ...spatial]. */
export const conv: Op<ConvAttributes> = {
  infer(inputs, attributes) {
    const [x, w] = requireReal(inputs);
    return { dtype: 'float32', shape: outputShape(x.shape, w.shape, attributes) };
  },
  evaluate(inputs, attributes, { shape }) {
    const [x, w] = two(inputs);
    const y = new Float64Array(elementCount(shape));
    forEachRun(x.shape, w.shape, shape, attributes, (xStart, xStep, wIndex, yStart, count) => {
      const weight = at(w.data, wIndex);
      for (let i = 0; i < count; i++) y[yStart + i] = at(y, yStart + i) + weight * at(x.data, xStart + i * xStep);
    });
    return y;
  },
};

/** The transpose of conv with respect to x, which is also the transposed convolution of networks. Operands y, w. */
export const convInputGradient: Op<ConvInputGradientAttributes> = {
  infer(inputs, attributes) {
    const [y, w] = requireReal(inputs);
    const rank = y.shape.length - 2;
    requireIntegers(attributes.inputSize, rank, 0, 'inputSize');
    const shape = [sizeAt(y.shape, 0), sizeAt(w.shape, 1) * attributes.groups, ...attributes.inputSize];
    requireShape(y.shape, outputShape(shape, w.shape, attributes), 'y');
    return { dtype: 'float32', shape };
  },
  evaluate(inputs, attributes, { shape }) {
    const [y, w] = two(inputs);
    const x = new Float64Array(elementCount(shape));
    forEachRun(shape, w.shape, y.shape, attributes, (xStart, xStep, wIndex, yStart, count) => {
      const weight = at(w.data, wIndex);
      for (let i = 0; i < count; i++)
        x[xStart + i * xStep] = at(x, xStart + i * xStep) + weight * at(y.data, yStart + i);
    });
    return x;
  },
};

/** The transpose of conv with respect to w. Operands x, y. */
export const convFilterGradient: Op<ConvFilterGradientAttributes> = {
  infer(inputs, attributes) {
    const [x, y] = requireReal(inputs);
    const rank = x.shape.length - 2;
    requireIntegers(attributes.kernelSize, rank, 1, 'kernelSize');
    const shape = [sizeAt(y.shape, 1), Math.floor(sizeAt(x.shape, 1) / attributes.groups), ...attributes.kernelSize];
    requireShape(y.shape, outputShape(x.shape, shape, attributes), 'y');
    return { dtype: 'float32', shape };
  },
  evaluate(inputs, attributes, { shape }) {
    const [x, y] = two(inputs);
    const w = new Float64Array(elementCount(shape));
    forEachRun(x.shape, shape, y.shape, attributes, (xStart, xStep, wIndex, yStart, count) => {
      let sum = at(w, wIndex);
      for (let i = 0; i < count; i++) sum += at(x.data, xStart + i * xStep) * at(y.data, yStart + i);
      w[wIndex] = sum;
    });
    return w;
  },
};
