import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { checkLimit } from '../file/limits.js';
import type { Operation, OperatorImporter } from '../operation.js';
import { convolutionOf, extentOf, perDimension, readWindows, spatialSizes } from './windows.js';

function conv(op: Operation): Node {
  const [x, w] = [op.input(0), op.input(1)];
  const sizes = spatialSizes(op, x);
  const { kernel, strides, dilations, padding } = readWindows(op, sizes, readKernel(op, w, sizes.length));
  const groups = op.attributes.int('group', 1);
  const convolve = convolutionOf(op, [sizes[0] ?? 0, ...(padding[0] ?? [])], kernel);
  return addBias(op, convolve(x, w, { strides, dilations, padding, groups }));
}

/** The transpose of a convolution whose filters are the input channels here. */
function convTranspose(op: Operation): Node {
  const [x, w] = [op.input(0), op.input(1)];
  const sizes = spatialSizes(op, x);
  const rank = sizes.length;
  const kernel = readKernel(op, w, rank);
  const groups = op.attributes.int('group', 1);
  const extra = perDimension(op, 'output_padding', rank, 0, 0);
  const strides = perDimension(op, 'strides', rank, 1, 1);
  const dilations = perDimension(op, 'dilations', rank, 1, 1);
  const pads = perDimension(op, 'pads', 2 * rank, 0, 0);
  const mode = op.attributes.word('auto_pad', ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'], 'NOTSET');
  const wanted = op.attributes.ints('output_shape');
  for (const size of wanted ?? [])
    checkLimit(op.context.limits, 'tensorElements', size, `A size in output_shape of ${op.node.label}`);
  const same = mode === 'SAME_UPPER' || mode === 'SAME_LOWER';
  const ends = sizes.map((size, axis): TransposedEnds => {
    const stride = strides[axis] ?? 1;
    const extent = extentOf({ kernel, dilations }, axis);
    const reached = stride * (size - 1) + extent;
    const full = reached + (extra[axis] ?? 0);
    const target = wanted?.at(axis - rank) ?? (same ? size * stride : undefined);
    if (target === undefined) {
      const [low, high] = mode === 'VALID' ? [0, 0] : [pads[axis] ?? 0, pads[axis + rank] ?? 0];
      return transposedEnds(reached, low, full - low - high, stride);
    }
    const total = Math.max(0, full - target);
    const cut = mode === 'SAME_UPPER' ? Math.floor(total / 2) : Math.ceil(total / 2);
    return transposedEnds(reached, cut, target, stride);
  });
  if (rank === 3) op.context.countFolded((sizes[0] ?? 0) * (kernel[0] ?? 1));
  const transposed = rank === 3 ? g.conv3dInputGradient : g.convInputGradient;
  const y = transposed(x, w, {
    padding: ends.map(({ low, high }) => [low, high]),
    strides,
    dilations,
    groups,
    inputSize: ends.map(({ size }) => size),
  });
  const none = [0, 0, ...ends.map(() => 0)];
  const beyond = [0, 0, ...ends.map((end) => end.beyond)];
  return addBias(op, beyond.some((cells) => cells > 0) ? g.pad(y, { low: none, high: beyond }) : y);
}

/** One dimension of a transposed convolution. */
interface TransposedEnds {
  /** Cells that are cut off at both ends. */
  readonly low: number;
  readonly high: number;
  /** Cells that are left, with less than a stride of those behind them, which no window reaches. */
  readonly size: number;
  /** Strides of cells behind them: they hold the bias alone. */
  readonly beyond: number;
}

/** @param reached cells that windows reach; of them and those behind them, `size` are kept from cell `low` on */
function transposedEnds(reached: number, low: number, size: number, stride: number): TransposedEnds {
  const behind = Math.max(0, low + size - reached);
  const beyond = behind - (behind % stride);
  return { low, high: Math.max(0, reached - low - size), size: size - beyond, beyond };
}

function readKernel(op: Operation, w: Node, rank: number): readonly number[] {
  const kernel = w.shape.slice(2);
  const stated = op.attributes.ints('kernel_shape');
  if (kernel.length !== rank || (stated !== undefined && stated.join() !== kernel.join())) {
    throw op.invalid(`has filters of shape [${w.shape.join(', ')}], which is not what its kernel_shape and input say`);
  }
  return kernel;
}

/** Adds the optional third input, one number per channel. */
function addBias(op: Operation, y: Node): Node {
  const bias = op.optionalInput(2);
  if (bias === undefined) return y;
  return g.add(y, g.reshape(bias, [1, ...bias.shape, ...y.shape.slice(2).map(() => 1)]));
}

export const convolutionOperators: Record<string, OperatorImporter> = {
  Conv: { build: conv },
  ConvTranspose: { build: convTranspose },
};
