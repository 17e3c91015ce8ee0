import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { Operation, OperatorImporter } from '../operation.js';
import { extentOf, perDimension, readWindows, spatialSizes, type Windows } from './windows.js';

function readPool(op: Operation, x: Node): Windows & { readonly outputSize: readonly number[] } {
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

function maxPool(op: Operation): Node {
  op.attributes.ignore('storage_order');
  const x = op.input(0);
  return g.maxPool(x, readPool(op, x));
}

function averagePool(op: Operation): Node {
  const x = op.input(0);
  const { kernel, strides, dilations, padding, outputSize } = readPool(op, x);
  if (dilations.some((dilation) => dilation !== 1)) throw op.unsupported('has dilations, which are not supported');
  const countIncludePad = op.attributes.flag('count_include_pad');
  return g.averagePool(x, { kernel, strides, padding, outputSize, countIncludePad });
}

export const poolingOperators: Record<string, OperatorImporter> = {
  AveragePool: { build: averagePool },
  GlobalAveragePool: { build: (op) => g.globalAveragePool(op.input(0)) },
  GlobalMaxPool: { build: (op) => g.globalMaxPool(op.input(0)) },
  MaxPool: { build: maxPool },
};
