import type { Node } from '../../../graph/index.js';
import * as g from '../../../graph/index.js';
import { elementCount, type Shape } from '../../../tensor.js';

/** Negative indices count from the end. */
export function nonNegative(indices: Node, size: number): Node {
  if (g.isOp(indices, 'constant')) {
    const data = indices.attributes.data.map((index) => (index < 0 ? index + size : index));
    return g.constant(data, indices.shape, indices.dtype);
  }
  return g.where(g.less(indices, 0), g.add(indices, size), indices);
}

/**
 * Positions in row-major order within `sizes`, from indices [..., sizes.length] that give one component for each size.
 */
export function flatPositions(indices: Node, sizes: Shape): Node {
  const last = indices.shape.length - 1;
  const components = sizes.map((size, axis) => {
    const starts = indices.shape.map((_, index) => (index === last ? axis : 0));
    const limits = indices.shape.map((total, index) => (index === last ? axis + 1 : total));
    const component = g.reshape(g.slice(indices, { starts, limits }), indices.shape.slice(0, -1));
    return g.mul(nonNegative(component, size), elementCount(sizes.slice(axis + 1)));
  });
  const nothing = g.broadcastTo(0, indices.shape.slice(0, -1), indices.dtype);
  return components.length === 0 ? nothing : components.reduce(g.add);
}
