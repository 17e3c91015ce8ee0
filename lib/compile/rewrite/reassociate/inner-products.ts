import { createNode, isOp, type Node } from '../../../graph/node.js';
import { sameShape } from '../../../tensor.js';
import type { Arrangement } from './arrangement.js';
import { distributed, opensSums } from './rotations.js';
import { plain, scaledBy, splitProduct, termsOf, transposed } from './terms.js';

/**
 * <B C, L> = <B, L C'> = <C, B' L>: the norm of a weight gradient, |X' D|^2 = <D, (X X') D>, without the gradient. What
 * is small because much cancels in the product would be lost in rounding then, so it is done only where the inner
 * product is a term of a sum.
 */
export function* splitInnerProducts(node: Node, arrangement: Arrangement): Iterable<Node> {
  if (!isOp(node, 'reduceSum')) return;
  const [x] = node.inputs as readonly [Node];
  const { axes } = node.attributes;
  const rank = x.shape.length;
  if (!isOp(x, 'mul') || rank < 2 || !axes.includes(rank - 1) || !axes.includes(rank - 2)) return;
  const [a, b] = x.inputs as readonly [Node, Node];
  if (!sameShape(a.shape, b.shape) || !arrangement.mayHoldProduct(x)) return;
  const plans: Node[] = [];
  for (const [one, other] of a === b ? [[a, b] as const] : [[a, b] as const, [b, a] as const]) {
    const [term, ...more] = termsOf(plain(one), opensSums);
    const parts = term && splitProduct(term.factor);
    if (!parts || more.length > 0) continue;
    const [first, last] = parts;
    const l = plain(other);
    // The factor that is left is taken as it is stored.
    const withFirst = first.transposed
      ? distributed(arrangement, 'front', last, transposed(l))
      : distributed(arrangement, 'behind', transposed(last), l);
    const withLast = last.transposed
      ? distributed(arrangement, 'behind', first, transposed(l))
      : distributed(arrangement, 'front', transposed(first), l);
    for (const [left, value] of [[first, withFirst] as const, [last, withLast] as const]) {
      const scaled = createNode('mul', [scaledBy(term.coefficient, left.node), value], {});
      plans.push(createNode('reduceSum', [scaled], { axes }));
    }
  }
  if (plans.length > 0 && arrangement.isMinorTerm(node)) yield* plans;
}
