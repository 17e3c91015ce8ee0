import { invalidArgument } from '../../errors.js';
import { formatType, sameShape } from '../../tensor.js';
import { add, mul } from '../functions/elementwise.js';
import { constant } from '../functions/leaf.js';
import { reduceSum } from '../functions/reduce.js';
import { type Node, requireNodes } from '../node.js';
import { mismatch } from '../ops/infer.js';

/** Sum of the elementwise products of the nodes of two lists, a scalar: the inner product of two points. */
export function inner(as: readonly Node[], bs: readonly Node[]): Node {
  if (requireNodes(as, 'as').length !== requireNodes(bs, 'bs').length)
    throw invalidArgument('bs', `a list of ${as.length} nodes`, bs);
  const products = as.map((a, index) => {
    const b = bs[index] ?? a;
    if (!sameShape(a.shape, b.shape)) {
      throw mismatch(`inner: entry ${index} is ${formatType(a)} in the first list and ${formatType(b)} in the second.`);
    }
    return reduceSum(mul(a, b));
  });
  return products.length === 0 ? constant(0) : products.reduce(add);
}

/** Sum of the squares of all elements of a list of nodes, a scalar. */
export function sumOfSquares(xs: readonly Node[]): Node {
  return inner(xs, xs);
}
