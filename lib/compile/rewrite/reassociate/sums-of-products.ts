import { createNode, isOp, type Node } from '../../../graph/node.js';
import { elementCount } from '../../../tensor.js';
import type { Arrangement } from './arrangement.js';
import {
  type Factor,
  plain,
  sameFactor,
  scaledBy,
  splitProduct,
  sumOf,
  type Term,
  termsOf,
  termValue,
} from './terms.js';

interface ProductTerm extends Term {
  readonly parts: readonly [Factor, Factor];
}

/** The terms of a sum that nothing else uses, and those of them that are products. */
function productsOf(
  node: Node,
  arrangement: Arrangement,
): { readonly terms: Term[]; readonly products: ProductTerm[] } {
  const isSum = (isOp(node, 'add') || isOp(node, 'sub')) && node.shape.length >= 2;
  if (!isSum || !arrangement.mayHoldProduct(node)) return { terms: [], products: [] };
  const terms = termsOf(plain(node), (inner) => inner === node || arrangement.uses(inner) === 1);
  const products = terms.flatMap((term) => {
    const parts = splitProduct(term.factor);
    return parts ? [{ ...term, parts }] : [];
  });
  return { terms, products };
}

/** A sum in which some terms are replaced by one value. */
function withJoined(terms: readonly Term[], joined: readonly Term[], value: Node): Node {
  const factors = new Set(joined.map(({ factor }) => factor));
  const rest = terms.filter(({ factor }) => !factors.has(factor)).map(termValue);
  return sumOf([...rest, value]);
}

/** A C + s B C = (A + s B) C, and the same in front. */
export function* factoredSums(node: Node, arrangement: Arrangement): Iterable<Node> {
  const { terms, products } = productsOf(node, arrangement);
  for (const shared of [1, 0] as const) {
    for (const [index, head] of products.entries()) {
      const common = head.parts[shared];
      const alike = products.slice(index).filter(({ parts }) => {
        const other = parts[1 - shared] as Factor;
        return sameFactor(parts[shared], common) && other.transposed === (head.parts[1 - shared] as Factor).transposed;
      });
      if (alike.length < 2) continue;
      const others = alike.map(({ coefficient, parts }) => scaledBy(coefficient, (parts[1 - shared] as Factor).node));
      const other = { node: sumOf(others), transposed: (head.parts[1 - shared] as Factor).transposed };
      const value = shared === 1 ? arrangement.multiply(other, common) : arrangement.multiply(common, other);
      yield withJoined(terms, alike, value);
    }
  }
}

/** A' C + B' D = [A; B]' [C; D]: one longer product in place of two and their sum. */
export function* stackedSums(node: Node, arrangement: Arrangement): Iterable<Node> {
  if (Math.min(...node.shape.slice(-2)) < arrangement.target.thinnestProduct) return;
  const { terms, products } = productsOf(node, arrangement);
  const alike = products.filter(({ parts: [a, b] }) => a.transposed && !b.transposed);
  if (alike.length < 2) return;
  const scaled = alike.map(({ coefficient, parts: [{ node: a }, { node: b }] }) =>
    elementCount(a.shape) < elementCount(b.shape) ? [scaledBy(coefficient, a), b] : [a, scaledBy(coefficient, b)],
  );
  const axis = node.shape.length - 2;
  const stack = (position: number): Node =>
    createNode(
      'concat',
      scaled.map((each) => each[position] as Node),
      { axis },
    );
  const value = arrangement.multiply({ node: stack(0), transposed: true }, plain(stack(1)));
  yield withJoined(terms, alike, value);
}
