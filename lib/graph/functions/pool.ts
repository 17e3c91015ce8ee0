import { checkKeys } from '../../errors.js';
import { elementCount } from '../../tensor.js';
import { createNode, isOp, type Node, requireNode } from '../node.js';
import { windowCount } from '../ops/conv.js';
import { one, two } from '../ops/infer.js';
import { list, paddings } from './arguments.js';
import { add, relu } from './elementwise.js';
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
 * x [batch, channels, ...spatial]. Padding never wins. Every window must cover an element of x.
 */
export function maxPoolIndices(x: Node, options: MaxPoolOptions): Node {
  checkKeys(options, [...names, 'dilations'], 'maxPool');
  const inputSize = requireNode(x, 'x').shape.slice(2);
  const dilations = list(options.dilations ?? inputSize.map(() => 1), 'dilations');
  return createNode('maxPoolIndices', [x], { ...complete(options, inputSize, dilations), dilations });
}

/**
 * Largest element of each window; the first of equal ones has the derivative. What keeps the order of a plane's elements, as
 * ReLU and the addition of a number for each plane do, is done behind the pool, on fewer elements: with the same values, and
 * the same derivatives but where rounding alone makes elements of x equal.
 */
export function maxPool(x: Node, options: MaxPoolOptions): Node {
  requireNode(x, 'x');
  if (isOp(x, 'relu')) return relu(maxPool(one(x.inputs), options));
  if (isOp(x, 'add')) {
    const [a, b] = two(x.inputs);
    if (isSameWithinPlanes(b, x)) return add(maxPool(a, options), b);
    if (isSameWithinPlanes(a, x)) return add(a, maxPool(b, options));
  }
  const indices = maxPoolIndices(x, options);
  const planes = x.shape.slice(0, 2);
  const flat = (node: Node) => reshape(node, [...planes, elementCount(node.shape.slice(2))]);
  return reshape(gatherElements(flat(x), flat(indices)), indices.shape);
}

/** Whether an operand of an elementwise operation gives each plane of its result x [batch, channels, ...spatial] one number. */
function isSameWithinPlanes(operand: Node, x: Node): boolean {
  const spatial = x.shape.length - 2;
  return spatial > 0 && elementCount(x.shape.slice(2)) > 1 && elementCount(operand.shape.slice(-spatial)) === 1;
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
