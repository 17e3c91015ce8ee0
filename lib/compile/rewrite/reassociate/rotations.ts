import { isOp, type Node } from '../../../graph/node.js';
import type { Arrangement } from './arrangement.js';
import { type Factor, factorsOf, plain, scaledBy, splitProduct, sumOf, termsOf } from './terms.js';

/** A (B C + N) = (A B) C + A N and (B C + N) A = B (C A) + N A. */
export function* rotatedProducts(node: Node, arrangement: Arrangement): Iterable<Node> {
  if (!isOp(node, 'matmul')) return;
  const [a, b] = factorsOf(node);
  if (hasProduct(b, arrangement)) yield distributed(arrangement, 'front', a, b);
  if (hasProduct(a, arrangement)) yield distributed(arrangement, 'behind', b, a);
}

// A difference is not opened: its sides may be large and close to each other, and their products would cancel.
export const opensSums = (node: Node): boolean => !isOp(node, 'sub');

function hasProduct(sum: Factor, arrangement: Arrangement): boolean {
  if (!arrangement.mayHoldProduct(sum.node)) return false;
  return termsOf(sum, opensSums).some(({ factor }) => isOp(factor.node, 'matmul'));
}

/**
 * A matrix in front of a sum or behind it, multiplied with each term, and of a product with the nearer factor first.
 */
export function distributed(arrangement: Arrangement, place: 'front' | 'behind', a: Factor, sum: Factor): Node {
  const times = (x: Factor, y: Factor): Factor => plain(arrangement.multiply(x, y));
  const values = termsOf(sum, opensSums).map(({ coefficient, factor }) => {
    const [first, last] = splitProduct(factor) ?? [undefined, factor];
    if (place === 'front') return scaledBy(coefficient, (first ? times(times(a, first), last) : times(a, last)).node);
    return scaledBy(coefficient, (first ? times(first, times(last, a)) : times(last, a)).node);
  });
  return sumOf(values);
}
