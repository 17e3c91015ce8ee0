import { elementCount, type Shape, type TensorType } from '../../tensor.js';
import type { Op, Value } from '../op.js';
import { mismatch, one, requireDType, requireIntegers, requireShape, sizeAt, two } from './infer.js';
import { at } from './offsets.js';

/** Windows over 1 or 2 spatial dimensions; a member's entries are those dimensions. */
interface Windows {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  /** Cells outside x before and after each dimension. */
  readonly padding: readonly (readonly [low: number, high: number])[];
  /** Number of windows. May be that of ceil mode: cells beyond the padding never count. */
  readonly outputSize: readonly number[];
}

export interface MaxPoolAttributes extends Windows {
  readonly dilations: readonly number[];
}

export interface AveragePoolAttributes extends Windows {
  /** Whether cells of the padding count, as zeros, in the average. */
  readonly countIncludePad: boolean;
}

export interface AveragePoolGradientAttributes extends AveragePoolAttributes {
  /** Spatial sizes of x. */
  readonly inputSize: readonly number[];
}

/**
 * One dimension of one window: the positions in x that it covers, and how many of its cells lie in x or its padding.
 */
interface Extent {
  readonly cells: readonly number[];
  readonly padded: number;
}

/** One dimension of the windows; a window's cells are those of `taps` positions from its start, `dilation` apart. */
interface Track {
  readonly size: number;
  readonly taps: number;
  readonly stride: number;
  readonly dilation: number;
  readonly low: number;
  readonly high: number;
  /** Number of windows. */
  readonly count: number;
}

function tracksOf(spatial: Shape, windows: Windows, dilations?: readonly number[]): readonly Track[] {
  return spatial.map((size, axis) => {
    const [low, high] = windows.padding[axis] ?? [0, 0];
    return {
      size,
      taps: sizeAt(windows.kernel, axis),
      stride: sizeAt(windows.strides, axis),
      dilation: dilations?.[axis] ?? 1,
      low,
      high,
      count: sizeAt(windows.outputSize, axis),
    };
  });
}

/** First and last + 1 of the taps of a window that lie in x. */
function tapsInside({ size, taps, stride, dilation, low }: Track, window: number): readonly [number, number] {
  const start = window * stride - low;
  const first = Math.max(0, Math.ceil(-start / dilation));
  return [first, Math.max(first, Math.min(taps, Math.ceil((size - start) / dilation)))];
}

function extent(track: Track, window: number): Extent {
  const { size, taps, stride, dilation, low, high } = track;
  const start = window * stride - low;
  const [first, last] = tapsInside(track, window);
  return {
    cells: Array.from({ length: last - first }, (_, index) => start + (first + index) * dilation),
    padded: Math.max(0, Math.min(taps, Math.ceil((size + high - start) / dilation))),
  };
}

/** The windows of each dimension. */
function extentsOf(spatial: Shape, windows: Windows, dilations?: readonly number[]): readonly (readonly Extent[])[] {
  return tracksOf(spatial, windows, dilations).map((track) =>
    Array.from({ length: track.count }, (_, window) => extent(track, window)),
  );
}

/** The first window that covers no element of x; undefined when there is none. Nothing is made for each window. */
function emptyWindow(track: Track): number | undefined {
  const { stride, low, dilation, count } = track;
  const isEmpty = (window: number): boolean => {
    const [first, last] = tapsInside(track, window);
    return first === last;
  };
  // A window in front of x steps into it at a place that repeats after `dilation` windows; of the others the last is
  // farthest.
  const inFront = Math.min(count, Math.ceil(low / stride), dilation);
  for (let window = 0; window < inFront; window++) if (isEmpty(window)) return window;
  return count > 0 && isEmpty(count - 1) ? count - 1 : undefined;
}

function checkWindows(x: Shape, windows: Windows, dilations?: readonly number[]): void {
  const rank = x.length - 2;
  if (rank !== 1 && rank !== 2)
    throw mismatch('Expected x as [batch, channels, width] or [batch, channels, height, width].');
  requireIntegers(windows.kernel, rank, 1, 'kernel');
  requireIntegers(windows.strides, rank, 1, 'strides');
  requireIntegers(
    windows.padding.map(([low]) => low),
    rank,
    0,
    'padding',
  );
  requireIntegers(
    windows.padding.map(([, high]) => high),
    rank,
    0,
    'padding',
  );
  requireIntegers(windows.outputSize, rank, 0, 'outputSize');
  if (dilations !== undefined) requireIntegers(dilations, rank, 1, 'dilations');
  for (const [axis, track] of tracksOf(x.slice(2), windows, dilations).entries()) {
    const empty = emptyWindow(track);
    if (empty !== undefined) throw mismatch(`Window ${empty} of spatial dimension ${axis} covers no element of x.`);
  }
}

/** Calls `visit` for every window of every plane with its index in y, its cells in x and its size with padding. */
function forEachWindow(
  x: Shape,
  extents: readonly (readonly Extent[])[],
  visit: (y: number, cells: readonly number[], planeStart: number, padded: number) => void,
): void {
  const width = sizeAt(x, x.length - 1);
  const one: readonly Extent[] = [{ cells: [0], padded: 1 }];
  const [rows, columns] = extents.length === 1 ? [one, extents[0] ?? []] : [extents[0] ?? [], extents[1] ?? []];
  const planeSize = elementCount(x.slice(2));
  let y = 0;
  for (let plane = 0; plane < sizeAt(x, 0) * sizeAt(x, 1); plane++) {
    for (const row of rows) {
      for (const column of columns) {
        const cells = row.cells.flatMap((i) => column.cells.map((j) => i * width + j));
        visit(y++, cells, plane * planeSize, row.padded * column.padded);
      }
    }
  }
}

function inferPool(x: TensorType, windows: Windows, dilations?: readonly number[]): Shape {
  requireDType(x, ['float32']);
  checkWindows(x.shape, windows, dilations);
  return [...x.shape.slice(0, 2), ...windows.outputSize];
}

/**
 * The flat position within its plane of each window's first largest element, after multiplication by its plane's number
 * in the optional second operand; padding never wins, NaN wins.
 */
export const maxPoolIndices: Op<MaxPoolAttributes> = {
  infer(inputs, attributes) {
    const [x, scale] = inputs.length === 1 ? [one(inputs)] : two(inputs);
    const shape = inferPool(x, attributes, attributes.dilations);
    if (scale) {
      requireDType(scale, ['float32'], 'scale');
      requireShape(scale.shape, x.shape.slice(0, 2), 'scale');
    }
    return { dtype: 'int32', shape };
  },
  evaluate(inputs, attributes, { shape }) {
    const [x, scale] = inputs as readonly [Value, Value?];
    const planeSize = elementCount(x.shape.slice(2));
    const result = new Float64Array(elementCount(shape));
    const extents = extentsOf(x.shape.slice(2), attributes, attributes.dilations);
    forEachWindow(x.shape, extents, (y, cells, planeStart) => {
      const factor = scale ? at(scale.data, planeStart / planeSize) : 1;
      const scaled = (cell: number): number => factor * at(x.data, planeStart + cell);
      result[y] = cells.reduce((best, cell) => {
        const champion = scaled(best);
        return !Number.isNaN(champion) && !(scaled(cell) <= champion) ? cell : best;
      });
    });
    return result;
  },
};

export const averagePool: Op<AveragePoolAttributes> = {
  infer: (inputs, attributes) => ({ dtype: 'float32', shape: inferPool(one(inputs), attributes) }),
  evaluate(inputs, attributes, { shape }) {
    const x = one(inputs);
    const result = new Float64Array(elementCount(shape));
    forEachWindow(x.shape, extentsOf(x.shape.slice(2), attributes), (y, cells, planeStart, padded) => {
      const sum = cells.reduce((total, cell) => total + at(x.data, planeStart + cell), 0);
      result[y] = sum / (attributes.countIncludePad ? padded : cells.length);
    });
    return result;
  },
};

/** The transpose of averagePool. Operand y. */
export const averagePoolGradient: Op<AveragePoolGradientAttributes> = {
  infer(inputs, attributes) {
    const y = one(inputs);
    requireIntegers(attributes.inputSize, y.shape.length - 2, 0, 'inputSize');
    const shape = [...y.shape.slice(0, 2), ...attributes.inputSize];
    requireShape(y.shape, inferPool({ dtype: y.dtype, shape }, attributes), 'y');
    return { dtype: 'float32', shape };
  },
  evaluate(inputs, attributes, { shape }) {
    const dy = one(inputs);
    const result = new Float64Array(elementCount(shape));
    forEachWindow(shape, extentsOf(attributes.inputSize, attributes), (y, cells, planeStart, padded) => {
      const share = at(dy.data, y) / (attributes.countIncludePad ? padded : cells.length);
      for (const cell of cells) result[planeStart + cell] = at(result, planeStart + cell) + share;
    });
    return result;
  },
};
