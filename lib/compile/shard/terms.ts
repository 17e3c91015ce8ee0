import { isOp, type Node } from '../../graph/node.js';
import type { OpName } from '../../graph/ops/index.js';
import { elementCount } from '../../tensor.js';

/** Of one operand, and linear in it. */
const linear: ReadonlySet<OpName> = new Set<OpName>([
  'neg',
  'stopGradient',
  'shardable',
  'reshape',
  'transpose',
  'slice',
  'pad',
  'reduceSum',
  'broadcastTo',
]);

/** Linear in each of two operands. */
const bilinear: ReadonlySet<OpName> = new Set<OpName>([
  'mul',
  'matmul',
  'conv',
  'convInputGradient',
  'convFilterGradient',
]);

/**
 * Whether the sum over the ranks may be taken of the result as well as of its operands, of which `isTerm` tells those
 * that each rank has a term of: it is then taken once, and of no more elements.
 */
export function keepsTerms(node: Node, isTerm: (input: Node) => boolean): boolean {
  const terms = node.inputs.filter(isTerm);
  const [first, second] = node.inputs;
  if (terms.length === 0 || first === undefined) return false;
  const summed = new Set(terms).size === 1 ? elementCount(first.shape) : sizeOf(terms);
  if (elementCount(node.shape) > summed) return false;
  if (linear.has(node.op)) return true;
  if (isOp(node, 'add') || isOp(node, 'sub')) return true;
  if (isOp(node, 'concat')) return true;
  if (isOp(node, 'div')) return !isTerm(second as Node);
  if (isOp(node, 'gather') || isOp(node, 'scatterAdd')) return !isTerm(second as Node);
  return bilinear.has(node.op) && terms.length === 1;
}

const sizeOf = (nodes: readonly Node[]): number =>
  [...new Set(nodes)].reduce((sum, { shape }) => sum + elementCount(shape), 0);
