import { types } from 'node:util';
import { invalidArgument } from '../../errors.js';
import { formatType, sameShape } from '../../tensor.js';
import { type Node, requireNode, requireNodes } from '../node.js';
import { mismatch } from '../ops/infer.js';
import { withOrigin } from '../origin.js';
import { topologicalOrder } from '../traverse.js';
import { type Operand, type Rule, stack } from './rule.js';
import { rules } from './rules.js';

function checkStacked(stacked: ReadonlyMap<Node, Node>, count: number): void {
  if (!types.isMap(stacked)) throw invalidArgument('stacked', 'a Map', stacked);
  for (const [node, values] of stacked) {
    requireNode(node, 'a key of stacked');
    requireNode(values, 'a value of stacked');
    const expected = { dtype: node.dtype, shape: [count, ...node.shape] };
    if (values.dtype === expected.dtype && sameShape(values.shape, expected.shape)) continue;
    throw mismatch(
      `vectorize: Expected the values of ${node.op} ${formatType(node)} at ${count} point(s) to be ` +
        `${formatType(expected)} but received ${formatType(values)}.`,
    );
  }
}

/**
 * A graph at `count` points at once. `stacked` gives inputs, or any other nodes, of shape s their values at the points
 * as one node [count, ...s]; all other inputs are the same at every point. The result has [count, ...shape] for each
 * root. What depends on no stacked node is shared as it is and computed once; a root of that kind is broadcast. The
 * result consists of ordinary primitives: it can be differentiated, compiled and vectorized again.
 * @throws INVALID_ARGUMENT for a count that is no positive integer and for what is no node; SHAPE_MISMATCH when a
 * stacked node is not of the dtype and the shape that it must have.
 */
export function vectorize(roots: readonly Node[], stacked: ReadonlyMap<Node, Node>, count: number): Node[] {
  requireNodes(roots, 'roots');
  if (!Number.isSafeInteger(count) || count < 1) throw invalidArgument('count', 'an integer of at least 1', count);
  checkStacked(stacked, count);
  const values = new Map(stacked);
  const operand = (node: Node): Operand => ({ node: values.get(node) ?? node, stacked: values.has(node) });
  for (const node of topologicalOrder(roots)) {
    const rule = rules[node.op] as Rule<unknown> | 'none';
    if (rule === 'none' || values.has(node) || !node.inputs.some((input) => values.has(input))) continue;
    const make = (): Node => rule(node, node.inputs.map(operand), count);
    values.set(
      node,
      withOrigin(() => node.origin, make),
    );
  }
  return roots.map((root) => stack(operand(root), count));
}
