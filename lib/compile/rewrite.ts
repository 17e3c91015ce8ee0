import { createNode, type Node } from '../graph/node.js';
import type { AttributesOf, OpName } from '../graph/ops/index.js';
import { topologicalOrder } from '../graph/traverse.js';

/** The nodes that take each node as an input, once per consumer. */
export function consumersOf(order: readonly Node[]): Map<Node, Node[]> {
  const consumers = new Map<Node, Node[]>(order.map((node) => [node, []]));
  for (const node of order) for (const input of new Set(node.inputs)) consumers.get(input)?.push(node);
  return consumers;
}

/** The same primitive on other inputs. */
export function withInputs(node: Node, inputs: readonly Node[]): Node {
  return createNode(node.op, inputs, node.attributes as AttributesOf<OpName>);
}

/**
 * Rebuilds the graph of the roots bottom up. `rule` sees each node with its inputs already rewritten and returns what
 * stands in its place, of the same type. Nodes that do not change keep their identity.
 */
export function rewrite(roots: readonly Node[], rule: (node: Node) => Node): Node[] {
  const replacement = new Map<Node, Node>();
  const replaced = (node: Node): Node => replacement.get(node) ?? node;
  for (const node of topologicalOrder(roots)) {
    const inputs = node.inputs.map(replaced);
    const rebuilt = inputs.every((input, index) => input === node.inputs[index]) ? node : withInputs(node, inputs);
    replacement.set(node, rule(rebuilt));
  }
  return roots.map(replaced);
}
