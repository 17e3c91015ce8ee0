import { createNode, type Node } from './node.js';
import type { AttributesOf, OpName } from './ops/index.js';
import { topologicalOrder } from './traverse.js';

/** The same primitive on other inputs, made for the same. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  return createNode(node.op, inputs, node.attributes as AttributesOf<OpName>, node.origin);
}

/**
 * Rebuilds the graph of the roots bottom up. `rule` sees each node with its inputs already rewritten, and as it was,
 * and returns what stands in its place, of the same type; `rewritten` tells what stands in the place of an earlier
 * node. Nodes that do not change keep their identity.
 */
export function rewrite(
  roots: readonly Node[],
  rule: (node: Node, original: Node, rewritten: (earlier: Node) => Node) => Node,
): Node[] {
  const replacement = new Map<Node, Node>();
  const replaced = (node: Node): Node => replacement.get(node) ?? node;
  for (const node of topologicalOrder(roots)) {
    const inputs = node.inputs.map(replaced);
    const rebuilt = inputs.every((input, index) => input === node.inputs[index]) ? node : withInputs(node, inputs);
    replacement.set(node, rule(rebuilt, node, replaced));
  }
  return roots.map(replaced);
}
