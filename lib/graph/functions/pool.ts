import { elementCount } from '../../tensor.js';
import { createNode, type Node } from '../node.js';
import { windowCount } from '../ops/conv.js';
import { gatherElements } from './indexing.js';
import { reshape } from './shape.js';

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

export interface MaxPoolOptions extends WindowOptions {
  /** 1 by default. */
  readonly dilations?: readonly number[];
}

export interface AveragePoolOptions extends WindowOptions {
  /** Whether cells of the padding count, as zeros, in the average; false by default. */
  readonly countIncludePad?: boolean;
}

function complete(
  { kernel, strides, padding, outputSize }: WindowOptions,
  inputSize: readonly number[],
  dilations: readonly number[] = inputSize.map(() => 1),
) {
  const steps = [...(strides ?? inputSize.map(() => 1))];
  const margins = padding?.map(([low, high]) => [low, high] as const) ?? inputSize.map(() => [0, 0] as const);
  const fitting = inputSize.map((size, axis) =>
    windowCount(size, kernel[axis] ?? 0, steps[axis] ?? 1, dilations[axis] ?? 1, margins[axis] ?? [0, 0]),
  );
  return { kernel: [...kernel], strides: steps, padding: margins, outputSize: [...(outputSize ?? fitting)] };
}

/**
 * int32 [batch, channels, ...output]: the flat position within its plane of each window's first largest element of
 * x [batch, channels, ...spatial]. Padding never wins. Every window must cover an element of x.
 */
export function maxPoolIndices(x: Node, options: MaxPoolOptions): Node {
  const inputSize = x.shape.slice(2);
  const dilations = [...(options.dilations ?? inputSize.map(() => 1))];
  return createNode('maxPoolIndices', [x], { ...complete(options, inputSize, dilations), dilations });
}

/** Largest element of each window; the first of equal ones has the derivative. */
export function maxPool(x: Node, options: MaxPoolOptions): Node {
  const indices = maxPoolIndices(x, options);
  const planes = x.shape.slice(0, 2);
  const flat = (node: Node) => reshape(node, [...planes, elementCount(node.shape.slice(2))]);
  return reshape(gatherElements(flat(x), flat(indices)), indices.shape);
}

/** Mean of each window of x [batch, channels, ...spatial]. */
export function averagePool(x: Node, { countIncludePad = false, ...options }: AveragePoolOptions): Node {
  return createNode('averagePool', [x], { ...complete(options, x.shape.slice(2)), countIncludePad });
}

/** The transpose of averagePool: takes y [batch, channels, ...output] to [batch, channels, ...inputSize]. */
export function averagePoolGradient(
  y: Node,
  { inputSize, countIncludePad = false, ...options }: AveragePoolOptions & { readonly inputSize: readonly number[] },
): Node {
  return createNode('averagePoolGradient', [y], {
    ...complete(options, inputSize),
    countIncludePad,
    inputSize: [...inputSize],
  });
}
