import { types } from 'node:util';
import { invalidArgument } from '../errors.js';
import { formatType, sameShape } from '../tensor.js';
import { type Node, requireNode, requireNodes } from './node.js';
import { mismatch } from './ops/infer.js';
import { rewrite } from './rewrite.js';

/**
 * The roots with some nodes of their graph replaced by others of the same type: inputs by values, say. A replacement is
 * taken as it is, so it may depend on what it replaces. What depends on no replaced node keeps its identity.
 * @throws SHAPE_MISMATCH when a node and its replacement differ in dtype or shape; INVALID_ARGUMENT for what is no
 *   node.
 */
export function substitute(roots: readonly Node[], replacements: ReadonlyMap<Node, Node>): Node[] {
  requireNodes(roots, 'roots');
  if (!types.isMap(replacements)) throw invalidArgument('replacements', 'a Map', replacements);
  for (const [node, replacement] of replacements) {
    requireNode(node, 'a key of replacements');
    requireNode(replacement, 'a value of replacements');
    if (node.dtype !== replacement.dtype || !sameShape(node.shape, replacement.shape)) {
      throw mismatch(`substitute: ${node.op} ${formatType(node)} was to be replaced by ${formatType(replacement)}.`);
    }
  }
  return rewrite(roots, (node, original) => replacements.get(original) ?? node);
}
