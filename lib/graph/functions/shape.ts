import { BilevelError, checkKeys, invalidArgument } from '../../errors.js';
import { type DType, elementCount, formatType, type Shape, sameShape } from '../../tensor.js';
import { createNode, type Node, type NodeOf, type Operand, requireNode, requireNodes } from '../node.js';
import { list } from './arguments.js';
import { normalizeAxis } from './axis.js';
import { where } from './elementwise.js';
import { toNode } from './leaf.js';

/**
 * The same elements in row-major order under another shape.
 * @param shape one size may be -1: what the others leave
 */
export function reshape(x: Node, shape: Shape): Node {
  const sizes = withRest(requireNode(x, 'x'), list(shape, 'shape'));
  return sameShape(x.shape, sizes) ? x : createNode('reshape', [x], { shape: sizes });
}

/** A shape in which -1 stands for what the other sizes leave of x's elements. */
function withRest(x: Node, shape: readonly number[]): readonly number[] {
  const at = shape.indexOf(-1);
  if (at < 0) return shape;
  const rest = elementCount(x.shape) / elementCount(shape.toSpliced(at, 1));
  if (Number.isInteger(rest) && shape.lastIndexOf(-1) === at) return shape.with(at, rest);
  throw new BilevelError(
    'INVALID_ARGUMENT',
    `reshape(${formatType(x)}): Expected one -1 at most, beside sizes that divide ${elementCount(x.shape)} elements, but received ` +
      `[${shape.join(', ')}].`,
  );
}

/** Axis `i` of the result is axis `permutation[i]` of x; by default the axes are reversed. */
export function transpose(x: Node, permutation?: readonly number[]): Node {
  requireNode(x, 'x');
  const reversed = x.shape.map((_, axis) => -1 - axis);
  const axes = list(permutation ?? reversed, 'permutation').map((axis) => normalizeAxis(axis, x.shape.length));
  const identity = axes.length === x.shape.length && axes.every((axis, position) => axis === position);
  return identity ? x : createNode('transpose', [x], { permutation: axes });
}

/** x stretched to `shape` by NumPy's broadcasting rule. A number becomes a constant of `dtype`. */
export function broadcastTo(x: Operand, shape: Shape, dtype: DType = 'float32'): Node {
  const node = toNode(x, dtype);
  const sizes = list(shape, 'shape');
  return sameShape(node.shape, sizes) ? node : createNode('broadcastTo', [node], { shape: sizes });
}

/** Zeros of float32. */
export function zeros(shape: Shape): Node {
  return broadcastTo(0, shape);
}

/** x with axes of size 1 put in, at these positions of the result. */
export function expandDims(x: Node, axes: readonly number[]): Node {
  const rank = requireNode(x, 'x').shape.length + list(axes, 'axes').length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  if (added.size !== axes.length) throw invalidArgument('axes', 'different axes', `[${axes.join(', ')}]`);
  const kept = x.shape.values();
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : Number(kept.next().value))),
  );
}

/** Options of {@link slice}. */
export interface SliceOptions {
  /** First index of each axis. */
  readonly starts: readonly number[];
  /** Index before which each axis ends. */
  readonly limits: readonly number[];
  /** Positive steps; 1 by default. */
  readonly strides?: readonly number[];
}

/** Every `strides`-th element from `starts` up to but without `limits`. */
export function slice(x: Node, options: SliceOptions): Node {
  checkKeys(options, ['starts', 'limits', 'strides'], 'slice');
  const starts = list(options.starts, 'starts');
  const strides = list(options.strides ?? starts.map(() => 1), 'strides');
  return createNode('slice', [x], { starts, limits: list(options.limits, 'limits'), strides });
}

/** Options of {@link pad}. */
export interface PadOptions {
  /** Cells before each axis. */
  readonly low: readonly number[];
  /** Cells after each axis. */
  readonly high: readonly number[];
  /** Cells between neighbours of each axis; 0 by default. */
  readonly interior?: readonly number[];
  /** What the new cells hold, which may be infinite; 0 by default. */
  readonly value?: number;
}

/** x surrounded, and interleaved, by zeros or another value. */
export function pad(x: Node, options: PadOptions): Node {
  checkKeys(options, ['low', 'high', 'interior', 'value'], 'pad');
  const low = list(options.low, 'low');
  const high = list(options.high, 'high');
  const interior = list(options.interior ?? low.map(() => 0), 'interior');
  const padded = createNode('pad', [x], { low, high, interior });
  const { value = 0 } = options;
  return value === 0 ? padded : where(isInside(padded), padded, value);
}

/** bool, broadcasting to a padded value: true where it holds elements of what was padded, and no new cells. */
function isInside({ inputs, attributes: { low, high, interior } }: NodeOf<'pad'>): Node {
  const { shape } = inputs[0] as Node;
  const isPadded = (axis: number): boolean => Boolean(low[axis] || high[axis] || interior[axis]);
  const mask = shape.map((size, axis) => (isPadded(axis) ? size : 1));
  return createNode('pad', [broadcastTo(1, mask, 'bool')], { low, high, interior });
}

/** The operands one after the other along `axis`. */
export function concat(xs: readonly Node[], axis: number): Node {
  const [first] = requireNodes(xs, 'xs');
  if (first === undefined) throw invalidArgument('xs', 'at least one node', xs);
  return xs.length === 1 ? first : createNode('concat', xs, { axis: normalizeAxis(axis, first.shape.length) });
}
