import { createNode, type Node } from '../../graph/node.js';
import { type Shape, sameShape } from '../../tensor.js';

/** A value in another shape of as many elements; the value itself where it has that shape. */
export function reshaped(x: Node, shape: Shape): Node {
  return sameShape(x.shape, shape) ? x : createNode('reshape', [x], { shape });
}
