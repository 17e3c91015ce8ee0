import { checkKeys } from '../../errors.js';
import { createNode, type Node, requireNode } from '../node.js';
import type { ConvAttributes } from '../ops/conv.js';
import { list, paddings } from './arguments.js';

/** Entries are the 1 or 2 spatial dimensions. */
export interface ConvOptions {
  /** 1 by default. */
  readonly strides?: readonly number[];
  /** 1 by default. */
  readonly dilations?: readonly number[];
  /** Zeros before and after each dimension; none by default. */
  readonly padding?: readonly (readonly [low: number, high: number])[];
  /** 1 by default; channels and filters divide into it. */
  readonly groups?: number;
}

const names = ['strides', 'dilations', 'padding', 'groups'];

function complete({ strides, dilations, padding, groups = 1 }: ConvOptions, like: Node): ConvAttributes {
  const spatial = requireNode(like, 'the first operand').shape.slice(2);
  return {
    strides: list(strides ?? spatial.map(() => 1), 'strides'),
    dilations: list(dilations ?? spatial.map(() => 1), 'dilations'),
    padding: paddings(padding ?? spatial.map(() => [0, 0])),
    groups,
  };
}

/**
 * Cross-correlation of x [batch, channels, ...spatial] with w [filters, channels / groups, ...kernel], in 1 or 2
 * spatial dimensions: [batch, filters, ...output]. float32.
 */
export function conv(x: Node, w: Node, options: ConvOptions = {}): Node {
  checkKeys(options, names, 'conv');
  return createNode('conv', [x, w], complete(options, x));
}

/**
 * The transpose of conv with respect to its first operand, also known as transposed convolution: takes
 * y [batch, filters, ...output] to [batch, channels, ...inputSize].
 */
export function convInputGradient(
  y: Node,
  w: Node,
  options: ConvOptions & { readonly inputSize: readonly number[] },
): Node {
  checkKeys(options, [...names, 'inputSize'], 'convInputGradient');
  const inputSize = list(options.inputSize, 'inputSize');
  return createNode('convInputGradient', [y, w], { ...complete(options, y), inputSize });
}

/** The transpose of conv with respect to its second operand: [filters, channels / groups, ...kernelSize]. */
export function convFilterGradient(
  x: Node,
  y: Node,
  options: ConvOptions & { readonly kernelSize: readonly number[] },
): Node {
  checkKeys(options, [...names, 'kernelSize'], 'convFilterGradient');
  const kernelSize = list(options.kernelSize, 'kernelSize');
  return createNode('convFilterGradient', [x, y], { ...complete(options, x), kernelSize });
}
