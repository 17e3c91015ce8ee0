import { describe } from '../../errors.js';
import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { checkLimit } from '../file/limits.js';
import type { Operation } from '../operation.js';

/** Cells before and after each spatial dimension. */
export type Padding = readonly (readonly [low: number, high: number])[];

/** The geometry that convolutions and pools share; entries are the spatial dimensions. */
export interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  readonly padding: Padding;
}

/** Numbers per spatial dimension from an attribute, checked. */
export function perDimension(op: Operation, name: string, count: number, least: number, fallback: number): number[] {
  const values = op.attributes.ints(name) ?? Array.from({ length: count }, () => fallback);
  if (values.length !== count || values.some((value) => value < least)) {
    throw op.invalid(`has ${name}=${describe(values)}, but needs ${count} numbers of at least ${least}`);
  }
  for (const value of values)
    checkLimit(op.context.limits, 'windowSize', value, `A number in ${name} of ${op.node.label}`);
  return values;
}

/** Spatial sizes of x [batch, channels, ...spatial], of which 1 to 3 are supported. */
export function spatialSizes(op: Operation, x: Node): readonly number[] {
  const rank = x.shape.length - 2;
  if (rank < 1 || rank > 3) {
    throw op.unsupported(`works on an input of shape [${x.shape.join(', ')}]; 1 to 3 spatial dimensions are supported`);
  }
  return x.shape.slice(2);
}

/**
 * Reads strides, dilations, pads and auto_pad. The pads attribute lists the beginnings of all dimensions, then the
 * ends. SAME_UPPER and SAME_LOWER make ceil(size / stride) windows and differ in where an odd cell goes.
 */
export function readWindows(op: Operation, sizes: readonly number[], kernel: readonly number[]): Windows {
  const rank = sizes.length;
  const strides = perDimension(op, 'strides', rank, 1, 1);
  const dilations = perDimension(op, 'dilations', rank, 1, 1);
  const pads = perDimension(op, 'pads', 2 * rank, 0, 0);
  const mode = op.attributes.word('auto_pad', ['NOTSET', 'SAME_UPPER', 'SAME_LOWER', 'VALID'], 'NOTSET');
  const padding = sizes.map((size, axis): readonly [number, number] => {
    if (mode === 'VALID') return [0, 0];
    if (mode === 'NOTSET') return [pads[axis] ?? 0, pads[axis + rank] ?? 0];
    const stride = strides[axis] ?? 1;
    const extent = extentOf({ kernel, dilations }, axis);
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
    const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
    return mode === 'SAME_UPPER' ? [less, more] : [more, less];
  });
  for (const [axis, size] of sizes.entries()) checkFits(op, { kernel, strides, dilations, padding }, axis, size);
  return { kernel, strides, dilations, padding };
}

function checkFits(op: Operation, windows: Windows, axis: number, size: number): void {
  const [low, high] = windows.padding[axis] ?? [0, 0];
  const extent = extentOf(windows, axis);
  if (extent <= size + low + high) return;
  throw op.mismatch(`has a window of ${extent}, larger than its padded input of ${size + low + high}`);
}

/**
 * The convolution for so many spatial dimensions. In three it lists the cells of each window along the first of them,
 * whose number is bounded by `cells`, those of the input and its padding.
 */
export function convolutionOf(
  op: Operation,
  cells: readonly number[],
  kernel: readonly number[],
): typeof g.conv | typeof g.conv3d {
  if (kernel.length < 3) return g.conv;
  op.context.countFolded(cells.reduce((sum, count) => sum + count, 0) * (kernel[0] ?? 1));
  return g.conv3d;
}

/** Cells from the first to the last of a window along one dimension. */
export function extentOf({ kernel, dilations }: Pick<Windows, 'kernel' | 'dilations'>, axis: number): number {
  return ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
}
