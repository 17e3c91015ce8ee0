import { isOp, type Node } from '../../../lib/graph/index.js';

/**
 * A graph as an expression: inputs by name, constants by value, and behind the operation what its attributes say, for
 * example `reduceSum[0,1](mul(x, 2))`.
 */
export function expression(node: Node): string {
  if (isOp(node, 'input')) return node.attributes.name;
  if (isOp(node, 'constant')) {
    const values = Array.from(node.attributes.data, (value) => (Object.is(value, -0) ? '-0' : String(value)));
    return node.shape.length === 0 ? values.join() : `[${values}]`;
  }
  const attributes = Object.values(node.attributes as object).map((value) => `[${value}]`);
  return `${node.op}${attributes.join('')}(${node.inputs.map(expression).join(', ')})`;
}
