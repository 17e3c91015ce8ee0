import { createNode, isOp, type Node, type NodeOf } from '../../graph/node.js';
import { rewrite } from '../../graph/rewrite.js';
import { topologicalOrder } from '../../graph/traverse.js';
import { elementCount, type Shape, sameShape } from '../../tensor.js';
import { isElementwise } from '../classes.js';
import { reshaped } from './reshaped.js';

type Sum = NodeOf<'reduceSum'>;

/** How far into an expression to look: a linear combination of more terms is summed as it is. */
const maxDepth = 8;

/**
 * The sum of a linear combination, sum(a x + b y) with factors that are the same along the summed axes, becomes
 * a sum(x) + b sum(y) where that spares a pass over memory: for every part the sum exists, or a pass that sums products
 * of it over the same axes, in which one more sum reads nothing more. The means within the gradient of a batch
 * normalization are such sums.
 *
 * The result agrees to rounding. Parts are summed as they stand: what was centered is summed centered.
 */
export function splitSums(roots: readonly Node[]): Node[] {
  const sums = topologicalOrder(roots).filter((node) => isOp(node, 'reduceSum'));
  const known = new Map<string, Set<Sum>>();
  const note = (part: Node, sum: Sum): void => {
    const key = keyOf(part, sum.attributes.axes);
    known.set(key, (known.get(key) ?? new Set()).add(sum));
  };
  for (const sum of sums) {
    const x = sum.inputs[0] as Node;
    note(x, sum);
    for (const factor of factorsOf(x, sum.attributes.axes)) note(factor, sum);
  }
  const isKnownBesides = (part: Node, sum: Sum): boolean =>
    [...(known.get(keyOf(part, sum.attributes.axes)) ?? [])].some((other) => other !== sum);

  return rewrite(roots, (node, sum, rewritten) => {
    if (!isOp(node, 'reduceSum') || !isOp(sum, 'reduceSum')) return node;
    const { axes } = sum.attributes;
    const whole = sum.inputs[0] as Node;
    // The sum of nothing is 0 whatever the factors are, where 0 times an infinity would not be.
    if (elementCount(whole.shape) === 0) return node;
    const split = (x: Node, depth: number): Node | undefined => {
      const constant = alongAxes(x, whole.shape, axes);
      if (constant) return times(reshaped(rewritten(x), constant), elementCount(whole.shape) / elementCount(sum.shape));
      if (!sameShape(x.shape, whole.shape) || depth > maxDepth) return undefined;
      if (isKnownBesides(x, sum)) return x === whole ? undefined : createNode('reduceSum', [rewritten(x)], { axes });
      const [a, b] = x.inputs as [Node, Node];
      const sumOf = (part: Node): Node | undefined => split(part, depth + 1);
      if (isOp(x, 'neg')) return combined('neg', [sumOf(a)]);
      if (isOp(x, 'add') || isOp(x, 'sub')) return combined(x.op, [sumOf(a), sumOf(b)]);
      if (!isOp(x, 'mul') && !isOp(x, 'div')) return undefined;
      const [left, right] = [a, b].map((factor) => alongAxes(factor, whole.shape, axes));
      if (right) return combined(x.op, [sumOf(a), reshaped(rewritten(b), right)]);
      return left && isOp(x, 'mul') ? combined('mul', [reshaped(rewritten(a), left), sumOf(b)]) : undefined;
    };
    const result = split(whole, 1);
    if (result === undefined) return node;
    return sameShape(result.shape, sum.shape) ? result : createNode('broadcastTo', [result], { shape: sum.shape });
  });
}

function keyOf(x: Node, axes: readonly number[]): string {
  return `${x.id} ${axes}`;
}

/**
 * The values that a sum multiplies with each other, and what they are made of: the pass that computes the sum has them,
 * or reads them, whatever becomes of other sums.
 */
function factorsOf(x: Node, axes: readonly number[]): Set<Node> {
  const found = new Set<Node>();
  const varies = (node: Node): boolean => alongAxes(node, x.shape, axes) === undefined;
  const visitTerm = (term: Node, depth: number): void => {
    if (depth > maxDepth) return;
    const varying = term.inputs.filter(varies);
    if (isOp(term, 'mul') && varying.length === 2) for (const factor of varying) visitFactor(factor, depth + 1);
    else if (isLinear(term)) for (const input of varying) visitTerm(input, depth + 1);
  };
  const visitFactor = (factor: Node, depth: number): void => {
    if (found.has(factor) || depth > maxDepth || !sameShape(factor.shape, x.shape)) return;
    found.add(factor);
    if (isElementwise(factor.op)) for (const input of factor.inputs) visitFactor(input, depth + 1);
  };
  visitTerm(x, 1);
  return found;
}

function isLinear({ op }: Node): boolean {
  return op === 'neg' || op === 'add' || op === 'sub' || op === 'mul';
}

/** The shape, without these axes, of an operand that is the same along them in a space; undefined when it varies. */
function alongAxes(x: Node, space: Shape, axes: readonly number[]): Shape | undefined {
  const lead = space.length - x.shape.length;
  const isSummed = (axis: number): boolean => axes.includes(axis + lead);
  if (x.shape.some((size, axis) => size !== 1 && isSummed(axis))) return undefined;
  return x.shape.filter((_, axis) => !isSummed(axis));
}

function combined(op: 'neg' | 'add' | 'sub' | 'mul' | 'div', parts: readonly (Node | undefined)[]): Node | undefined {
  const complete = parts.filter((part) => part !== undefined);
  return complete.length === parts.length ? createNode(op, complete, {}) : undefined;
}

function times(x: Node, factor: number): Node {
  return createNode(
    'mul',
    [x, createNode('constant', [], { dtype: x.dtype, shape: [], data: Float64Array.of(factor) })],
    {},
  );
}
