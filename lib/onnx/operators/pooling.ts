import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { elementCount } from '../../tensor.js';
import { checkLimit } from '../file/limits.js';
import type { ImportResult, Operation, OperatorImporter } from '../operation.js';
import { convolutionOf, extentOf, perDimension, readWindows, spatialSizes, type Windows } from './windows.js';

interface Pool extends Windows {
  readonly outputSize: readonly number[];
}

function readPool(op: Operation, x: Node): Pool {
  const sizes = spatialSizes(op, x);
  if (!op.attributes.has('kernel_shape')) throw op.invalid('needs the attribute kernel_shape');
  const kernel = perDimension(op, 'kernel_shape', sizes.length, 1, 1);
  const windows = readWindows(op, sizes, kernel);
  const ceilMode = op.attributes.flag('ceil_mode');
  const outputSize = sizes.map((size, axis) => countWindows(op, windows, axis, size, ceilMode));
  return { ...windows, outputSize };
}

/** In ceil mode the last window may hang over the end, but must start before it: within the input or its beginning. */
function countWindows(op: Operation, windows: Windows, axis: number, size: number, ceilMode: boolean): number {
  const stride = windows.strides[axis] ?? 1;
  const [low, high] = windows.padding[axis] ?? [0, 0];
  const extent = extentOf(windows, axis);
  if (low >= extent || high >= extent) throw op.invalid('has pads that are not smaller than its kernel');
  const steps = (size + low + high - extent) / stride;
  const count = (ceilMode ? Math.ceil(steps) : Math.floor(steps)) + 1;
  return ceilMode && (count - 1) * stride >= size + low ? count - 1 : count;
}

/** With the places of the largest elements as second output, in up to two dimensions. */
function maxPool(op: Operation): ImportResult {
  const x = op.input(0);
  const windows = readPool(op, x);
  const columnsFirst = op.attributes.flag('storage_order');
  if (x.shape.length === 5) return g.maxPool3d(x, windows);
  const y = g.maxPool(x, windows);
  return op.hasOutput(1) ? [y, places(op, x, windows, columnsFirst)] : y;
}

/** int64: where in the whole of x each window has its largest element, counting planes by rows or by columns. */
function places(op: Operation, x: Node, windows: Pool, columnsFirst: boolean): Node {
  const [batch = 0, channels = 0, ...plane] = x.shape;
  const within = g.cast(g.maxPoolIndices(x, windows), 'int64');
  const [height, width] = [plane.at(-2) ?? 1, plane.at(-1) ?? 1];
  const row = g.div(within, width);
  const counted =
    columnsFirst && plane.length === 2 ? g.add(g.mul(g.sub(within, g.mul(row, width)), height), row) : within;
  const starts = op.sequence(batch * channels, (index) => index * height * width);
  return g.add(counted, g.reshape(starts, [batch, channels, ...plane.map(() => 1)]));
}

function averagePool(op: Operation): Node {
  const x = op.input(0);
  const windows = readPool(op, x);
  const countIncludePad = op.attributes.flag('count_include_pad');
  const { kernel, strides, dilations, padding, outputSize } = windows;
  if (dilations.every((dilation) => dilation === 1)) {
    const pool = x.shape.length === 5 ? g.averagePool3d : g.averagePool;
    return pool(x, { kernel, strides, padding, outputSize, countIncludePad });
  }
  const ones = g.broadcastTo(1, [1, 1, ...x.shape.slice(2)]);
  if (!countIncludePad) return g.div(sumPool(op, x, windows), sumPool(op, ones, windows));
  const ends = (side: 0 | 1): number[] => [0, 0, ...padding.map((pair) => pair[side])];
  const counted = g.pad(ones, { low: ends(0), high: ends(1), value: 1 });
  return g.div(
    sumPool(op, x, windows),
    sumPool(op, counted, { ...windows, padding: padding.map(() => [0, 0] as const) }),
  );
}

/**
 * Sums of windows: a convolution of each plane with ones. What hangs over the end in ceil mode is padded with zeros.
 */
function sumPool(op: Operation, x: Node, windows: Pool): Node {
  const { kernel, strides, dilations, padding, outputSize } = windows;
  const [batch = 0, channels = 0, ...sizes] = x.shape;
  checkLimit(
    op.context.limits,
    'windowSize',
    elementCount(kernel),
    `The number of cells of a window of ${op.node.label}`,
  );
  const ends = kernel.map((_, axis): [number, number] => {
    const low = padding[axis]?.[0] ?? 0;
    const needed = ((outputSize[axis] ?? 1) - 1) * (strides[axis] ?? 1) + extentOf(windows, axis);
    return [low, Math.max(0, needed - low - (sizes[axis] ?? 0))];
  });
  const planes = g.reshape(x, [batch * channels, 1, ...sizes]);
  const filter = g.broadcastTo(1, [1, 1, ...kernel]);
  const convolve = convolutionOf(op, [sizes[0] ?? 0, ...(ends[0] ?? [])], kernel);
  const sums = convolve(planes, filter, { strides, dilations, padding: ends });
  const cut = g.slice(sums, { starts: sums.shape.map(() => 0), limits: [batch * channels, 1, ...outputSize] });
  return g.reshape(cut, [batch, channels, ...outputSize]);
}

/** The p-norm of each window: the p-th root of the sum of p-th powers. */
function lpPool(op: Operation): Node {
  const x = op.input(0);
  const p = op.attributes.int('p', 2);
  return root(sumPool(op, power(op, x, p), readPool(op, x)), p);
}

/** The p-norm of each plane. */
function globalLpPool(op: Operation): Node {
  const x = op.input(0);
  const p = op.attributes.int('p', 2);
  const axes = [...x.shape.keys()].slice(2);
  return p === 2
    ? g.norm(x, axes, { keepDims: true })
    : root(g.reduceSum(power(op, x, p), axes, { keepDims: true }), p);
}

function power(op: Operation, x: Node, p: number): Node {
  if (p < 1) throw op.invalid(`has a norm p of ${p}, which is not positive`);
  if (p === 1) return g.abs(x);
  return p === 2 ? g.square(x) : g.pow(g.abs(x), p);
}

/** Where it is 0 its derivatives are taken as 0, as those of a norm. */
function root(x: Node, p: number): Node {
  if (p === 1) return x;
  const isZero = g.equal(x, 0);
  const positive = g.where(isZero, 1, x);
  return g.where(isZero, 0, p === 2 ? g.sqrt(positive) : g.pow(positive, 1 / p));
}

export const poolingOperators: Record<string, OperatorImporter> = {
  AveragePool: { build: averagePool },
  GlobalAveragePool: { build: (op) => g.globalAveragePool(op.input(0)) },
  GlobalLpPool: { build: globalLpPool },
  GlobalMaxPool: { build: (op) => g.globalMaxPool(op.input(0)) },
  LpPool: { build: lpPool },
  MaxPool: { build: maxPool },
};
