import { checkKeys } from '../../errors.js';
import { createNode, type Node, requireNode } from '../node.js';
import { windowCount } from '../ops/conv.js';
import { list, paddings } from './arguments.js';
import { picked } from './picked.js';

/** Entries are the 1 or 2 spatial dimensions. */
interface WindowOptions {
  readonly kernel: readonly number[];
  /** 1 by default. */
  readonly strides?: readonly number[];
  /** Cells outside x before and after each dimension; none by default. */
  readonly padding?: readonly (readonly [low: number, high: number])[];
  /** Number of windows; by default those that fit in x and its padding. Give more for ceil mode. */
  readonly outputSize?: readonly number[];
}

/** Options of {@link maxPool}. */
export interface MaxPoolOptions extends WindowOptions {
  /** 1 by default. */
  readonly dilations?: readonly number[];
}

/** Options of {@link averagePool}. */
export interface AveragePoolOptions extends WindowOptions {
  /** Whether cells of the padding count, as zeros, in the average; false by default. */
  readonly countIncludePad?: boolean;
}

const names = ['kernel', 'strides', 'padding', 'outputSize'];

function complete(
  options: WindowOptions,
  inputSize: readonly number[],
  dilations: readonly number[] = inputSize.map(() => 1),
) {
  const kernel = list(options.kernel, 'kernel');
  const strides = list(options.strides ?? inputSize.map(() => 1), 'strides');
  const padding = paddings(options.padding ?? inputSize.map(() => [0, 0]));
  const fitting = inputSize.map((size, axis) =>
    windowCount(size, kernel[axis] ?? 0, strides[axis] ?? 1, dilations[axis] ?? 1, padding[axis] ?? [0, 0]),
  );
  return { kernel, strides, padding, outputSize: list(options.outputSize ?? fitting, 'outputSize') };
}

/**
 * int32 [batch, channels, ...output]: the flat position within its plane of each window's first largest element of
 * x [batch, channels, ...spatial], or of x times `scale`, which is float32 [batch, channels]. Padding never wins. Every
 * window must cover an element of x.
 */
export function maxPoolIndices(x: Node, options: MaxPoolOptions, scale?: Node): Node {
  checkKeys(options, [...names, 'dilations'], 'maxPool');
  const inputSize = requireNode(x, 'x').shape.slice(2);
  const dilations = list(options.dilations ?? inputSize.map(() => 1), 'dilations');
  const operands = scale === undefined ? [x] : [x, scale];
  return createNode('maxPoolIndices', operands, { ...complete(options, inputSize, dilations), dilations });
}

/** Largest element of each window; the first of equal ones has the derivative. */
export function maxPool(x: Node, options: MaxPoolOptions): Node {
  return picked(x, maxPoolIndices(x, options));
}

/** Mean of each window of x [batch, channels, ...spatial]. */
export function averagePool(x: Node, options: AveragePoolOptions): Node {
  checkKeys(options, [...names, 'countIncludePad'], 'averagePool');
  const inputSize = requireNode(x, 'x').shape.slice(2);
  return createNode('averagePool', [x], {
    ...complete(options, inputSize),
    countIncludePad: options.countIncludePad ?? false,
  });
}

/** The transpose of averagePool: takes y [batch, channels, ...output] to [batch, channels, ...inputSize]. */
export function averagePoolGradient(
  y: Node,
  options: AveragePoolOptions & { readonly inputSize: readonly number[] },
): Node {
  checkKeys(options, [...names, 'countIncludePad', 'inputSize'], 'averagePoolGradient');
  const inputSize = list(options.inputSize, 'inputSize');
  return createNode('averagePoolGradient', [y], {
    ...complete(options, inputSize),
    countIncludePad: options.countIncludePad ?? false,
    inputSize,
  });
}
