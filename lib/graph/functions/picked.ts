import { elementCount } from '../../tensor.js';
import type { Node } from '../node.js';
import { gatherElements } from './indexing.js';
import { reshape } from './shape.js';

/**
 * The elements of x [batch, channels, ...spatial] at positions in its planes: `indices` [batch, channels, ...] counts
 * them flat.
 */
export function picked(x: Node, indices: Node): Node {
  const flat = (node: Node) => reshape(node, [...x.shape.slice(0, 2), elementCount(node.shape.slice(2))]);
  return reshape(gatherElements(flat(x), flat(indices)), indices.shape);
}
