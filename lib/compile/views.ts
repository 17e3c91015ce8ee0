import { isOp, type Node } from '../graph/node.js';
import { elementCount, rowMajorStrides, type Shape } from '../tensor.js';
import { classOf } from './classes.js';

/**
 * How the elements of one value lie in the memory of another: element `offset + sum(index[d] * strides[d])` of `base`.
 */
export interface NodeView {
  readonly base: Node;
  readonly offset: number;
  readonly shape: Shape;
  readonly strides: readonly number[];
}

export function isContiguous(view: Pick<NodeView, 'shape' | 'strides'>): boolean {
  const dense = rowMajorStrides(view.shape);
  return (
    elementCount(view.shape) <= 1 || view.shape.every((size, axis) => size === 1 || view.strides[axis] === dense[axis])
  );
}

export function wholeView(node: Node): NodeView {
  return { base: node, offset: 0, shape: node.shape, strides: rowMajorStrides(node.shape) };
}

/** The same elements seen in a larger shape by NumPy broadcasting: missing and size-1 axes get stride 0. */
export function broadcastView(view: NodeView, shape: Shape): NodeView {
  const lead = shape.length - view.shape.length;
  const strides = shape.map((_, axis) =>
    axis < lead || view.shape[axis - lead] === 1 ? 0 : (view.strides[axis - lead] as number),
  );
  return { base: view.base, offset: view.offset, shape, strides };
}

/**
 * The view that results from a shape operation on a viewed operand, or undefined when its elements are not evenly
 * spaced there (a reshape across a stride), so that they must be copied first.
 */
function applyShapeOp(node: Node, x: NodeView): NodeView | undefined {
  if (isOp(node, 'stopGradient') || isOp(node, 'shardable')) return x;
  if (isOp(node, 'broadcastTo')) return broadcastView(x, node.shape);
  if (isOp(node, 'transpose')) {
    const { permutation } = node.attributes;
    return { ...x, shape: node.shape, strides: permutation.map((axis) => x.strides[axis] as number) };
  }
  if (isOp(node, 'slice')) {
    const { starts, strides } = node.attributes;
    const offset = starts.reduce((sum, start, axis) => sum + start * (x.strides[axis] as number), x.offset);
    return {
      ...x,
      offset,
      shape: node.shape,
      strides: x.strides.map((stride, axis) => stride * (strides[axis] as number)),
    };
  }
  const strides = reshapedStrides(x, node.shape);
  return strides && { ...x, shape: node.shape, strides };
}

/** Matches runs of axes of equal element count; within a run the old axes must be mergeable into one. */
function reshapedStrides(x: NodeView, shape: Shape): number[] | undefined {
  if (elementCount(shape) === 0 || isContiguous(x)) return rowMajorStrides(shape);
  const old = x.shape
    .map((size, axis) => ({ size, stride: x.strides[axis] as number }))
    .filter(({ size }) => size !== 1);
  const strides = new Array<number>(shape.length).fill(0);
  let axis = 0;
  for (let index = 0; index < old.length; ) {
    // Take old axes and new axes until both cover the same number of elements.
    let { size: oldCount } = old[index] as { size: number };
    let last = index;
    const first = axis;
    let newCount = 1;
    while (newCount !== oldCount) {
      if (newCount < oldCount) newCount *= shape[axis++] ?? Number.NaN;
      else oldCount *= old[++last]?.size ?? Number.NaN;
      if (Number.isNaN(newCount) || Number.isNaN(oldCount)) return undefined;
    }
    for (let inner = index; inner < last; inner++) {
      const [a, b] = [old[inner], old[inner + 1]] as [
        { size: number; stride: number },
        { size: number; stride: number },
      ];
      if (a.stride !== b.stride * b.size) return undefined;
    }
    let stride = (old[last] as { stride: number }).stride;
    for (let target = axis - 1; target >= first; target--) {
      strides[target] = stride;
      stride *= shape[target] as number;
    }
    index = last + 1;
  }
  return strides;
}

/** What the compiler knows about every value: where its elements are, and which shape operations must copy. */
export interface ViewPlan {
  /** The memory in which a value is read. */
  viewOf(node: Node): NodeView;
  /** Shape operations that write memory of their own, with the view that they copy from, in the order of its shape. */
  readonly copies: ReadonlyMap<Node, NodeView>;
}

/**
 * Decides for every shape operation whether its result is a view or a copy. Instructions other than fused ones read
 * dense operands, so a view that is not dense is copied for them.
 */
export function planViews(order: readonly Node[]): ViewPlan {
  const views = new Map<Node, NodeView>();
  const copies = new Map<Node, NodeView>();
  const viewOf = (node: Node): NodeView => views.get(node) as NodeView;
  const copy = (node: Node, source: NodeView): void => {
    copies.set(node, source);
    views.set(node, wholeView(node));
  };
  for (const node of order) {
    if (classOf(node.op) === 'view') {
      const source = viewOf(node.inputs[0] as Node);
      const view = applyShapeOp(node, source);
      if (view) views.set(node, view);
      else copy(node, source);
    } else {
      views.set(node, wholeView(node));
    }
    if (classOf(node.op) !== 'kernel' || isOp(node, 'pad') || isOp(node, 'concat')) continue;
    for (const input of node.inputs) {
      const view = viewOf(input);
      // Only products can start behind the first element of a buffer, or end before its last.
      const whole = elementCount(view.shape) === elementCount(view.base.shape);
      const dense = isContiguous(view) && (whole || isOp(node, 'matmul'));
      if (!dense) copy(input, view);
    }
  }
  return { viewOf, copies };
}
