import { Random } from '../data/random.js';
import { evaluateChanged, isOp, type Node, type OpName } from '../graph/index.js';
import { elementCount } from '../tensor.js';

/** Operations that move or choose elements, which rounds nothing. Equal elements must stay equal behind them. */
const exact: ReadonlySet<OpName> = new Set<OpName>([
  'input',
  'constant',
  'neg',
  'abs',
  'sign',
  'relu',
  'floor',
  'ceil',
  'round',
  'cast',
  'stopGradient',
  'shardable',
  'maximum',
  'minimum',
  'where',
  'reshape',
  'transpose',
  'broadcastTo',
  'slice',
  'pad',
  'concat',
  'reduceMax',
  'gather',
  'gatherElements',
  'setRows',
  'randomUniform',
]);

/** The number of products or elements that an element of the node is the sum of, in the mean. */
function termsOf(node: Node): number {
  const elements = elementCount(node.shape);
  const [a, b] = node.inputs.map(({ shape }) => shape);
  if (a === undefined || elements === 0) return 1;
  if (isOp(node, 'matmul')) return a.at(node.attributes.transposeA ? -2 : -1) ?? 1;
  // A convolution and its two gradients sum the same products: each element of y over the filter's elements.
  if (b !== undefined && isOp(node, 'conv')) return elementCount(b.slice(1));
  if (b !== undefined && isOp(node, 'convInputGradient'))
    return (elementCount(a) * elementCount(b.slice(1))) / elements;
  if (b !== undefined && isOp(node, 'convFilterGradient'))
    return (elementCount(b) * elementCount(node.shape.slice(1))) / elements;
  const summed = Math.max(...node.inputs.map(({ shape }) => elementCount(shape)));
  return Math.max(1, summed / elements);
}

/**
 * The values of nodes when every result of arithmetic is off by a random share: how far they are from the exact values
 * tells what rounding to that precision can do, whatever the order in which an engine adds. The share is at most `unit`
 * for one operation and `unit` times the root of n for a sum of n terms, which is how rounding adds up where its signs
 * are random (Higham and Mary, A new approach to probabilistic rounding error analysis, SIAM J. Sci. Comput. 41, 2019).
 * @param unit half the distance from 1 to the next number: 2^-24 for float32, 2^-53 for float64
 */
export function evaluateRounded(
  nodes: readonly Node[],
  feeds: ReadonlyMap<Node, Float64Array>,
  unit: number,
  seed: number,
): Float64Array[] {
  const random = Random.fromSeed(seed, 'rounding');
  return evaluateChanged(nodes, feeds, (node, value) => {
    if (node.dtype !== 'float32' || exact.has(node.op)) return value;
    const share = unit * Math.sqrt(termsOf(node));
    return value.map((element) => element * (1 + share * (random.word() / 2 ** 31 - 1)));
  });
}

export const float32Unit = 2 ** -24;
export const float64Unit = 2 ** -53;
