import { invalidArgument } from '../../errors.js';
import { type DType, type Shape, sameShape } from '../../tensor.js';
import { createNode, type Node } from '../node.js';
import { type Operand, toNode } from './leaf.js';

/** An axis counted from 0; a negative one is counted from the end. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normalized) || normalized < 0 || normalized >= rank) {
    throw invalidArgument(
      'axis',
      `an axis of a tensor with ${rank} dimension(s), counted from 0 or, negative, from the end`,
      axis,
    );
  }
  return normalized;
}

/** The same elements in row-major order under another shape. */
export function reshape(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : createNode('reshape', [x], { shape: Object.freeze([...shape]) });
}

/** Axis `i` of the result is axis `permutation[i]` of x; by default the axes are reversed. */
export function transpose(x: Node, permutation: readonly number[] = x.shape.map((_, axis) => -1 - axis)): Node {
  const axes = permutation.map((axis) => normalizeAxis(axis, x.shape.length));
  const identity = axes.length === x.shape.length && axes.every((axis, position) => axis === position);
  return identity ? x : createNode('transpose', [x], { permutation: axes });
}

/** x stretched to `shape` by NumPy's broadcasting rule. A number becomes a constant of `dtype`. */
export function broadcastTo(x: Operand, shape: Shape, dtype: DType = 'float32'): Node {
  const node = toNode(x, dtype);
  return sameShape(node.shape, shape) ? node : createNode('broadcastTo', [node], { shape: Object.freeze([...shape]) });
}

/** Zeros of float32. */
export function zeros(shape: Shape): Node {
  return broadcastTo(0, shape);
}

/** x with axes of size 1 put in, at these positions of the result. */
export function expandDims(x: Node, axes: readonly number[]): Node {
  const rank = x.shape.length + axes.length;
  const added = new Set(axes.map((axis) => normalizeAxis(axis, rank)));
  if (added.size !== axes.length) throw invalidArgument('axes', 'different axes', `[${axes.join(', ')}]`);
  const kept = x.shape.values();
  return reshape(
    x,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : Number(kept.next().value))),
  );
}

export interface SliceOptions {
  /** First index of each axis. */
  readonly starts: readonly number[];
  /** Index before which each axis ends. */
  readonly limits: readonly number[];
  /** Positive steps; 1 by default. */
  readonly strides?: readonly number[];
}

/** Every `strides`-th element from `starts` up to but without `limits`. */
export function slice(x: Node, { starts, limits, strides = starts.map(() => 1) }: SliceOptions): Node {
  return createNode('slice', [x], { starts: [...starts], limits: [...limits], strides: [...strides] });
}

export interface PadOptions {
  /** Zeros before each axis. */
  readonly low: readonly number[];
  /** Zeros after each axis. */
  readonly high: readonly number[];
  /** Zeros between neighbours of each axis; 0 by default. */
  readonly interior?: readonly number[];
}

/** x surrounded, and interleaved, by zeros. */
export function pad(x: Node, { low, high, interior = low.map(() => 0) }: PadOptions): Node {
  return createNode('pad', [x], { low: [...low], high: [...high], interior: [...interior] });
}

/** The operands one after the other along `axis`. */
export function concat(xs: readonly Node[], axis: number): Node {
  const [first] = xs;
  if (first === undefined) throw invalidArgument('operands', 'at least one operand', xs);
  return xs.length === 1 ? first : createNode('concat', xs, { axis: normalizeAxis(axis, first.shape.length) });
}
