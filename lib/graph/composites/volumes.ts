import { BilevelError, checkRecord } from '../../errors.js';
import { elementCount, type Shape } from '../../tensor.js';
import { type ConvOptions, conv, convInputGradient } from '../functions/conv.js';
import { gather, scatterAdd } from '../functions/indexing.js';
import { constant } from '../functions/leaf.js';
import { type AveragePoolOptions, averagePool, type MaxPoolOptions, maxPool } from '../functions/pool.js';
import { pad, reshape, slice, transpose } from '../functions/shape.js';
import { type Node, requireNode } from '../node.js';
import { windowCount } from '../ops/conv.js';
import { mismatch, sizeAt } from '../ops/infer.js';

type Pair = readonly [low: number, high: number];

/** Where windows lie along the first of three spatial dimensions. */
interface Depth {
  /** Cells with padding. */
  readonly padded: number;
  readonly padding: Pair;
  /** int64 [windows, kernel]: the padded cell of each tap of each window. */
  readonly cells: Node;
  readonly windows: number;
}

/** The cells of all windows are listed while a graph is built. */
const maxTableElements = 2 ** 22;

function depthOf(size: number, kernel: number, { strides, dilations, padding }: ConvOptions): Depth {
  const [stride, dilation] = [strides?.[0] ?? 1, dilations?.[0] ?? 1];
  const pads: Pair = padding?.[0] ?? [0, 0];
  const windows = windowCount(size, kernel, stride, dilation, pads);
  if (windows * kernel > maxTableElements) {
    throw new BilevelError(
      'LIMIT_EXCEEDED',
      `${windows} windows of ${kernel} cells along the first dimension are more than the ${maxTableElements} cells that are listed.`,
    );
  }
  const cells = Array.from(
    { length: windows * kernel },
    (_, tap) => Math.floor(tap / kernel) * stride + (tap % kernel) * dilation,
  );
  const indices = constant(cells, [windows, kernel], 'int64');
  return { padded: size + pads[0] + pads[1], padding: pads, cells: indices, windows };
}

/** The same without the first spatial dimension. */
function planar({ strides, dilations, padding, groups }: ConvOptions): ConvOptions {
  return {
    strides: strides?.slice(1) ?? [1, 1],
    dilations: dilations?.slice(1) ?? [1, 1],
    padding: padding?.slice(1) ?? [
      [0, 0],
      [0, 0],
    ],
    ...(groups === undefined ? {} : { groups }),
  };
}

function requireVolumes(x: Node, name: string): Shape {
  const { shape } = requireNode(x, name);
  if (shape.length !== 5) throw mismatch(`Expected ${name} as [batch, channels, depth, height, width].`);
  return shape;
}

/** w [filters, channels, depth, height, width] with depth as further channels. */
function flatFilters(w: Node): Node {
  const [filters = 0, channels = 0, depth = 0, ...plane] = requireVolumes(w, 'w');
  return reshape(w, [filters, channels * depth, ...plane]);
}

/** Exchanges axes 1 and 2, so that batch and depth are neighbours, or channels and depth. */
function swap(x: Node): Node {
  return transpose(x, [0, 2, 1, ...[...x.shape.keys()].slice(3)]);
}

/**
 * As `conv`, in three spatial dimensions: a convolution in the last two, of planes that hold the cells of each window
 * along the first as channels. Beside the arithmetic this takes as many copies of x as the kernel is deep.
 */
export function conv3d(x: Node, w: Node, options: ConvOptions = {}): Node {
  const [batch = 0, channels = 0, size = 0, height = 0, width = 0] = requireVolumes(x, 'x');
  const kernel = sizeAt(requireVolumes(w, 'w'), 2);
  const { padding, cells, windows } = depthOf(size, kernel, options);
  const padded = pad(x, { low: [0, 0, padding[0], 0, 0], high: [0, 0, padding[1], 0, 0] });
  const stacked = reshape(swap(gather(padded, cells, 2)), [batch * windows, channels * kernel, height, width]);
  const y = conv(stacked, flatFilters(w), planar(options));
  return swap(reshape(y, [batch, windows, ...y.shape.slice(1)]));
}

/** As `convInputGradient`, in three spatial dimensions: the transpose of conv3d with respect to its first operand. */
export function conv3dInputGradient(
  y: Node,
  w: Node,
  given: ConvOptions & { readonly inputSize: readonly number[] },
): Node {
  checkRecord(given, 'the options of conv3dInputGradient');
  const { inputSize, ...options } = given;
  const [batch = 0, filters = 0, depth = 0, ...plane] = requireVolumes(y, 'y');
  const [size = 0, height = 0, width = 0] = inputSize;
  const kernel = sizeAt(requireVolumes(w, 'w'), 2);
  const { padded, padding, cells, windows } = depthOf(size, kernel, options);
  if (windows !== depth) throw mismatch(`Expected ${windows} window(s) along the first dimension but y has ${depth}.`);
  const planes = reshape(swap(y), [batch * depth, filters, ...plane]);
  const spread = convInputGradient(planes, flatFilters(w), { ...planar(options), inputSize: [height, width] });
  const channels = sizeAt(spread.shape, 1) / kernel;
  const stacked = swap(reshape(spread, [batch, depth, channels, kernel, height, width]));
  const whole = scatterAdd(stacked, cells, { axis: 2, size: padded });
  return slice(whole, {
    starts: [0, 0, padding[0], 0, 0],
    limits: [batch, channels, padding[0] + size, height, width],
  });
}

/** Pools the last two dimensions of x, then the first: windows are boxes, so their maxima and means are found so. */
function separately<Options extends MaxPoolOptions | AveragePoolOptions>(
  pool: (x: Node, options: Options) => Node,
  x: Node,
  options: Options,
): Node {
  const [batch = 0, channels = 0, depth = 0, ...plane] = requireVolumes(x, 'x');
  const part = (values: readonly number[] | undefined, from: number, to: number, fill: number[]) =>
    values === undefined ? undefined : [...values.slice(from, to), ...fill];
  const partly = (from: number, to: number, fill: number[], outputFill: number[]): Options => {
    const { kernel, strides, padding, outputSize } = options;
    const dilations = 'dilations' in options ? options.dilations : undefined;
    const parts = {
      kernel: part(kernel, from, to, fill),
      strides: part(strides, from, to, fill),
      dilations: part(dilations, from, to, fill),
      outputSize: part(outputSize, from, to, outputFill),
      padding: padding && [...padding.slice(from, to), ...fill.map((): Pair => [0, 0])],
    };
    const given = Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
    return { ...options, ...given };
  };
  const planes = pool(reshape(x, [batch, channels * depth, ...plane]), partly(1, 3, [], []));
  const area = planes.shape.slice(2);
  const columns = reshape(planes, [batch, channels, depth, elementCount(area)]);
  const y = pool(columns, partly(0, 1, [1], [elementCount(area)]));
  return reshape(y, [batch, channels, sizeAt(y.shape, 2), ...area]);
}

/** As `maxPool`, in three spatial dimensions; of equal elements one has the derivative. */
export function maxPool3d(x: Node, options: MaxPoolOptions): Node {
  return separately(maxPool, x, options);
}

/** As `averagePool`, in three spatial dimensions. */
export function averagePool3d(x: Node, options: AveragePoolOptions): Node {
  return separately(averagePool, x, options);
}
