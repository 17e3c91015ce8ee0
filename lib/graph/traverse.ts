import type { Node } from './node.js';

/**
 * Every node that the given nodes depend on, themselves included, inputs before their users. `isLeaf` tells nodes
 * behind which not to look.
 */
export function topologicalOrder(roots: readonly Node[], isLeaf: (node: Node) => boolean = () => false): Node[] {
  const found = new Set(roots);
  // A set visits the members that are added while it is iterated.
  for (const node of found) {
    if (isLeaf(node)) continue;
    for (const input of node.inputs) found.add(input);
  }
  return [...found].sort((a, b) => a.id - b.id);
}

/** The nodes that take each node as an input, once per consumer. */
export function consumersOf(order: readonly Node[]): Map<Node, Node[]> {
  const consumers = new Map<Node, Node[]>(order.map((node) => [node, []]));
  for (const node of order) for (const input of new Set(node.inputs)) consumers.get(input)?.push(node);
  return consumers;
}
