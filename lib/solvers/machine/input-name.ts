import { isOp, type Node } from '../../graph/index.js';

/** The binding name of an input. */
export function inputName(node: Node): string {
  if (!isOp(node, 'input')) throw new RangeError(`Expected an input of a step but found ${node.op}.`);
  return node.attributes.name;
}
