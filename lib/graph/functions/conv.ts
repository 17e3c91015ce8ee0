import { createNode, type Node } from '../node.js';
import type { ConvAttributes } from '../ops/conv.js';

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

function complete({ strides, dilations, padding, groups = 1 }: ConvOptions, like: Node): ConvAttributes {
  const spatial = like.shape.slice(2);
  return {
    strides: [...(strides ?? spatial.map(() => 1))],
    dilations: [...(dilations ?? spatial.map(() => 1))],
    padding: padding?.map(([low, high]) => [low, high] as const) ?? spatial.map(() => [0, 0] as const),
    groups,
  };
}

/**
 * Cross-correlation of x [batch, channels, ...spatial] with w [filters, channels / groups, ...kernel], in 1 or 2 spatial
 * dimensions: [batch, filters, ...output]. float32.
 */
export function conv(x: Node, w: Node, options: ConvOptions = {}): Node {
  return createNode('conv', [x, w], complete(options, x));
}

/**
 * The transpose of conv with respect to its first operand, also known as transposed convolution: takes
 * y [batch, filters, ...output] to [batch, channels, ...inputSize].
 */
export function convInputGradient(
  y: Node,
  w: Node,
  { inputSize, ...options }: ConvOptions & { readonly inputSize: readonly number[] },
): Node {
  return createNode('convInputGradient', [y, w], { ...complete(options, y), inputSize: [...inputSize] });
}

/** The transpose of conv with respect to its second operand: [filters, channels / groups, ...kernelSize]. */
export function convFilterGradient(
  x: Node,
  y: Node,
  { kernelSize, ...options }: ConvOptions & { readonly kernelSize: readonly number[] },
): Node {
  return createNode('convFilterGradient', [x, y], { ...complete(options, x), kernelSize: [...kernelSize] });
}
