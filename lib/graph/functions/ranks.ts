import { createNode, type Node } from '../node.js';

/** The value itself, of whose axis ranks that compute together may each take a part. */
export function shardable(x: Node, axis = 0): Node {
  return createNode('shardable', [x], { axis });
}

/** The sum of the ranks' values of a float32 node. */
export function allReduce(x: Node): Node {
  return createNode('allReduce', [x], {});
}
