import { isOp, type Node } from '../graph/node.js';

/**
 * Whether a value differs from step to step, given those before it that do. Sums over the ranks are taken in every
 * step: whether what one rank adds stays the same does not tell that it does for the others, and all must meet in the
 * same sums.
 */
export function varies(node: Node, varying: ReadonlySet<Node>): boolean {
  return isOp(node, 'allReduce') || node.inputs.some((input) => varying.has(input));
}

/** The values that differ from step to step, given the inputs that do. */
export function varyingOf(order: readonly Node[], changing: ReadonlySet<Node>): Set<Node> {
  const varying = new Set(changing);
  for (const node of order) if (varies(node, varying)) varying.add(node);
  return varying;
}
