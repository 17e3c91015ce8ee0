import { isOp, type Node } from '../../graph/node.js';
import { rewrite } from '../../graph/rewrite.js';

/** Constants above this size are told apart by identity: comparing their elements would cost more than it saves. */
const maxComparedElements = 4096;

/** Common-subexpression elimination: equal primitives on the same inputs become one node. */
export function deduplicate(roots: readonly Node[]): Node[] {
  const canonical = new Map<string, Node>();
  return rewrite(roots, (node) => {
    if (isOp(node, 'input')) return node;
    const key = keyOf(node);
    const earlier = canonical.get(key);
    if (earlier) return earlier;
    canonical.set(key, node);
    return node;
  });
}

function keyOf(node: Node): string {
  if (isOp(node, 'constant')) {
    const { data } = node.attributes;
    const compared = data.length <= maxComparedElements;
    // 0 and -0 are different constants that print alike.
    const content = compared
      ? Array.from(data, (value) => (Object.is(value, -0) ? '-0' : value)).join()
      : `#${node.id}`;
    return `constant ${node.dtype} [${node.shape}] ${content}`;
  }
  return `${node.op} ${node.inputs.map((input) => input.id).join(' ')} ${JSON.stringify(node.attributes)}`;
}
