import { Random } from '../data/random.js';
import { evaluateChanged, type Node, type OpName } from '../graph/index.js';

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

/**
 * The values of nodes when every result of arithmetic is off by a random share of at most `unit`: how far they
 * are from the exact values tells what rounding to that precision can do, whatever the order in which an engine adds.
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
    return value.map((element) => element * (1 + unit * (random.word() / 2 ** 31 - 1)));
  });
}

export const float32Unit = 2 ** -24;
export const float64Unit = 2 ** -53;
