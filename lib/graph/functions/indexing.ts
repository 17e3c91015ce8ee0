import { checkKeys } from '../../errors.js';
import { createNode, type Node, requireNode } from '../node.js';
import { normalizeAxis } from './axis.js';

/** Slices of x along `axis` (0 by default), which the dimensions of the int32 or int64 indices replace. */
export function gather(x: Node, indices: Node, axis = 0): Node {
  return createNode('gather', [x, indices], { axis: normalizeAxis(axis, requireNode(x, 'x').shape.length) });
}

/**
 * The transpose of gather: the dimensions of indices, which updates has from `axis` on, become one axis of `size`;
 * slices with the same index add up over zeros. float32.
 */
export function scatterAdd(updates: Node, indices: Node, options: { axis: number; size: number }): Node {
  checkKeys(options, ['axis', 'size'], 'scatterAdd');
  return createNode('scatterAdd', [updates, indices], { ...options });
}

/** y[..., j] = x[..., indices[..., j]]: indexes the last axis, row by row. */
export function gatherElements(x: Node, indices: Node): Node {
  return createNode('gatherElements', [x, indices], {});
}

/** The transpose of gatherElements: y[..., indices[..., j]] += updates[..., j] over zeros. float32. */
export function scatterAddElements(updates: Node, indices: Node, options: { size: number }): Node {
  checkKeys(options, ['size'], 'scatterAddElements');
  return createNode('scatterAddElements', [updates, indices], { ...options });
}

/** target [n, ...] with rows target[indices[j]] = rows[j] for a list of indices; of repeated indices the last stays. */
export function setRows(target: Node, indices: Node, rows: Node): Node {
  return createNode('setRows', [target, indices, rows], {});
}
