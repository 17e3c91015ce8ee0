import { checkKeys } from '../../errors.js';
import { elementCount } from '../../tensor.js';
import { createNode, isOp, type Node, requireNode } from '../node.js';
import { windowCount } from '../ops/conv.js';
import { one, two } from '../ops/infer.js';
import { list, paddings } from './arguments.js';
import { mul, relu, sign } from './elementwise.js';
import { gatherElements } from './indexing.js';
import { broadcastTo, reshape } from './shape.js';

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
 * x [batch, channels, ...spatial], or of x times `scale`, which is float32 [batch, channels]. Padding never wins. Every window
 * must cover an element of x.
 */
export function maxPoolIndices(x: Node, options: MaxPoolOptions, scale?: Node): Node {
  checkKeys(options, [...names, 'dilations'], 'maxPool');
  const inputSize = requireNode(x, 'x').shape.slice(2);
  const dilations = list(options.dilations ?? inputSize.map(() => 1), 'dilations');
  const operands = scale === undefined ? [x] : [x, scale];
  return createNode('maxPoolIndices', operands, { ...complete(options, inputSize, dilations), dilations });
}

/**
 * Largest element of each window; the first of equal ones has the derivative. What keeps or turns round the order of a plane's
 * elements, as ReLU and sums and products with a number for each plane do, is done behind the pool, on fewer elements: as long
 * as those numbers are finite with the same values, and with the same derivatives but where rounding alone makes elements of x
 * equal.
 */
export function maxPool(x: Node, options: MaxPoolOptions): Node {
  return pickLargest(requireNode(x, 'x'), options);
}

/** The elements of x that are picked from the windows: those that are largest when x is multiplied by `scale`. */
function pickLargest(x: Node, options: MaxPoolOptions, scale?: Node): Node {
  if (isOp(x, 'relu')) return relu(pickLargest(one(x.inputs), options, scale));
  if (isOp(x, 'add') || isOp(x, 'sub') || isOp(x, 'mul')) {
    const [a, b] = two(x.inputs);
    const [planes, number] = isSameWithinPlanes(a, x) && !isOp(x, 'sub') ? [b, a] : [a, b];
    if (isSameWithinPlanes(number, x)) {
      const order = isOp(x, 'mul') ? timesSign(scale, number, x) : scale;
      return createNode(x.op, [pickLargest(planes, options, order), number], {});
    }
  }
  const indices = maxPoolIndices(x, options, scale);
  const planes = x.shape.slice(0, 2);
  const flat = (node: Node) => reshape(node, [...planes, elementCount(node.shape.slice(2))]);
  return reshape(gatherElements(flat(x), flat(indices)), indices.shape);
}

/** Whether an operand of an elementwise operation gives each plane of its result x [batch, channels, ...spatial] one number. */
function isSameWithinPlanes(operand: Node, x: Node): boolean {
  const spatial = x.shape.length - 2;
  return spatial > 0 && elementCount(x.shape.slice(2)) > 1 && elementCount(operand.shape.slice(-spatial)) === 1;
}

/** The scale of the planes of x with the sign of a number that each plane is multiplied by. */
function timesSign(scale: Node | undefined, number: Node, x: Node): Node {
  const lead = number.shape.slice(0, -(x.shape.length - 2));
  const signs = broadcastTo(reshape(sign(number), lead), x.shape.slice(0, 2));
  return scale === undefined ? signs : mul(scale, signs);
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
