import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { Operation, OperatorImporter } from '../operation.js';
import { type Padding, perDimension, readWindows, spatialSizes } from './windows.js';

function conv(op: Operation): Node {
  const [x, w] = [op.input(0), op.input(1)];
  const sizes = spatialSizes(op, x);
  const { strides, dilations, padding } = readWindows(op, sizes, readKernel(op, w, sizes.length));
  const groups = op.attributes.int('group', 1);
  return addBias(op, g.conv(x, w, { strides, dilations, padding, groups }));
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
  const same = mode === 'SAME_UPPER' || mode === 'SAME_LOWER';
  const padding: [number, number][] = [];
  const inputSize = sizes.map((size, axis) => {
    const stride = strides[axis] ?? 1;
    const extent = ((kernel[axis] ?? 1) - 1) * (dilations[axis] ?? 1) + 1;
    const full = stride * (size - 1) + (extra[axis] ?? 0) + extent;
    const target = wanted?.at(axis - rank) ?? (same ? size * stride : undefined);
    if (target === undefined) {
      padding.push(mode === 'VALID' ? [0, 0] : [pads[axis] ?? 0, pads[axis + rank] ?? 0]);
    } else {
      const total = Math.max(0, full - target);
      const [less, more] = [Math.floor(total / 2), Math.ceil(total / 2)];
      padding.push(mode === 'SAME_UPPER' ? [less, more] : [more, less]);
    }
    const [low, high] = padding[axis] ?? [0, 0];
    return full - low - high;
  });
  const options: { padding: Padding } = { padding };
  return addBias(op, g.convInputGradient(x, w, { ...options, strides, dilations, groups, inputSize }));
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
