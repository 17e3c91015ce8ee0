import { createNode, isOp, type Node } from '../../../graph/node.js';
import { elementCount, sameShape } from '../../../tensor.js';
import type { Savings } from '../../program/explain.js';
import { Arrangement } from './arrangement.js';
import {
  type Factor,
  factorsOf,
  plain,
  sameFactor,
  scaledBy,
  splitProduct,
  sumOf,
  type Term,
  termsOf,
  termValue,
  transposed,
} from './terms.js';
import { isLess, isLessEachStep, type Work, workOfGraph } from './work.js';

/**
 * Products of matrices in the order that costs least, with what no step changes computed once a run, also where sums and
 * multiples stand between them. Where the weight gradient X' D of a dense layer on inputs X that stay is multiplied by X
 * again, X (s X' D + N) = s (X X') D + X N leaves one small product in the step.
 *
 * Values agree to rounding. NaN and infinity travel differently only where products are re-associated: an overflow between
 * two products may appear or disappear, and so may the NaN of an infinity and a zero.
 * @param changing inputs that differ from step to step; undefined when everything is computed in every step
 * @param settle the passes that shorten what this one leaves
 */
export function reassociate(
  roots: readonly Node[],
  changing: ReadonlySet<Node> | undefined,
  settle: (roots: readonly Node[]) => readonly Node[],
): Reassociation {
  const before = workOfGraph(roots, changing);
  let best = { roots, work: before };
  // What is done once a run may pay for several products together though for none alone: then it is also tried as if free.
  let tempted = false;
  const cautiously: Judge = (added, freed) => {
    tempted ||= isLessEachStep(added, freed) && !isLess(added, freed);
    return isLess(added, freed);
  };
  for (const saves of [cautiously, isLessEachStep]) {
    if (saves === isLessEachStep && !tempted) break;
    let current = { roots, work: before };
    for (let round = 0; round < maxRounds; round++) {
      const arranged = arrange(current.roots, changing, saves);
      if (arranged === current.roots) break;
      const settled = settle(arranged);
      const work = workOfGraph(settled, changing);
      if (!saves(work, current.work)) break;
      current = { roots: settled, work };
    }
    if (isLess(current.work, best.work)) best = current;
  }
  return {
    roots: best.roots,
    savedFlops: before.stepFlops - best.work.stepFlops,
    hoistedFlops: best.work.prologueFlops - before.prologueFlops,
  };
}

/** Whether something is worth its work. */
type Judge = (added: Work, freed: Work) => boolean;

function arrange(roots: readonly Node[], changing: ReadonlySet<Node> | undefined, saves: Judge): readonly Node[] {
  const arrangement = new Arrangement(roots, changing);
  for (const node of arrangement.usersFirst()) {
    for (const plan of plansFor(node, arrangement)) if (arrangement.replace(node, plan, saves)) break;
  }
  return arrangement.results();
}

export interface Reassociation extends Savings {
  readonly roots: readonly Node[];
}

/** A product of many matrices moves by one place a round. */
const maxRounds = 4;

type Rule = (node: Node, arrangement: Arrangement) => Iterable<Node>;

const rules: readonly Rule[] = [rotatedProducts, splitInnerProducts, factoredSums, stackedSums];

function* plansFor(node: Node, arrangement: Arrangement): Iterable<Node> {
  for (const rule of rules) yield* rule(node, arrangement);
}

/** A (B C + N) = (A B) C + A N and (B C + N) A = B (C A) + N A. */
function* rotatedProducts(node: Node, arrangement: Arrangement): Iterable<Node> {
  if (!isOp(node, 'matmul')) return;
  const [a, b] = factorsOf(node);
  if (hasProduct(b, arrangement)) yield distributed(arrangement, 'front', a, b);
  if (hasProduct(a, arrangement)) yield distributed(arrangement, 'behind', b, a);
}

// A difference is not opened: its sides may be large and close to each other, and their products would cancel.
const opensSums = (node: Node): boolean => !isOp(node, 'sub');

function hasProduct(sum: Factor, arrangement: Arrangement): boolean {
  if (!arrangement.mayHoldProduct(sum.node)) return false;
  return termsOf(sum, opensSums).some(({ factor }) => isOp(factor.node, 'matmul'));
}

/** A matrix in front of a sum or behind it, multiplied with each term, and of a product with the nearer factor first. */
function distributed(arrangement: Arrangement, place: 'front' | 'behind', a: Factor, sum: Factor): Node {
  const times = (x: Factor, y: Factor): Factor => plain(arrangement.multiply(x, y));
  const values = termsOf(sum, opensSums).map(({ coefficient, factor }) => {
    const [first, last] = splitProduct(factor) ?? [undefined, factor];
    if (place === 'front') return scaledBy(coefficient, (first ? times(times(a, first), last) : times(a, last)).node);
    return scaledBy(coefficient, (first ? times(first, times(last, a)) : times(last, a)).node);
  });
  return sumOf(values);
}

/**
 * <B C, L> = <B, L C'> = <C, B' L>: the norm of a weight gradient, |X' D|^2 = <D, (X X') D>, without the gradient. What is
 * small because much cancels in the product would be lost in rounding then, so it is done only where the inner product is
 * a term of a sum.
 */
function* splitInnerProducts(node: Node, arrangement: Arrangement): Iterable<Node> {
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
  if (plans.length > 0 && isMinorTerm(node, arrangement)) yield* plans;
}

/** Whether every result takes a value only through sums with other values than squares, so that its rounding is lost in theirs. */
function isMinorTerm(node: Node, arrangement: Arrangement): boolean {
  if (arrangement.isResult(node)) return false;
  return arrangement.consumers(node).every((user) => {
    switch (user.op) {
      case 'add':
      case 'sub':
        if (user.inputs.some((input) => input !== node && isIndependent(input))) return true;
        return isMinorTerm(user, arrangement);
      case 'mul':
      case 'neg':
      case 'reshape':
      case 'broadcastTo':
        return isMinorTerm(user, arrangement);
      default:
        return false;
    }
  });
}

/** Whether a value is not made of constants and squares alone. */
function isIndependent(node: Node): boolean {
  switch (node.op) {
    case 'input':
    case 'constant':
      return false;
    case 'add':
    case 'sub':
    case 'mul':
    case 'neg':
    case 'reshape':
    case 'broadcastTo':
      return node.inputs.some(isIndependent);
    case 'reduceSum': {
      const [x] = node.inputs as readonly [Node];
      return !(isOp(x, 'mul') && x.inputs[0] === x.inputs[1]);
    }
    default:
      return true;
  }
}

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
function* factoredSums(node: Node, arrangement: Arrangement): Iterable<Node> {
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

/**
 * Below this number of rows and columns a product is not made longer: a result so thin is split along the sum, and on two
 * threads [10, 784] took 10 % longer over 400 rows at once; [300, 784] took 2 % less over 400 rows and 6 % over 50.
 */
const thinnest = 32;

/** A' C + B' D = [A; B]' [C; D]: one longer product in place of two and their sum. */
function* stackedSums(node: Node, arrangement: Arrangement): Iterable<Node> {
  if (Math.min(...node.shape.slice(-2)) < thinnest) return;
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
