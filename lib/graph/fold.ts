import { elementCount } from '../tensor.js';
import { evaluate } from './evaluate.js';
import { createNode, isOp, type Node } from './node.js';
import type { OpName } from './ops/index.js';
import { matmulSizes } from './ops/matmul.js';
import { canHold } from './ops/numbers.js';
import { topologicalOrder } from './traverse.js';

/** More elementary steps than this are left to the engine, which takes them in its stride. */
const maxWork = 2 ** 24;

/** Operations whose windows overlap: what evaluating them takes is not bounded by their operands and result. */
const windowed: ReadonlySet<OpName> = new Set([
  'conv',
  'convInputGradient',
  'convFilterGradient',
  'maxPoolIndices',
  'averagePool',
  'averagePoolGradient',
]);

/** Elementary steps of the reference evaluation of a node, given its operands. */
function workOf(node: Node): number {
  if (windowed.has(node.op)) return Number.POSITIVE_INFINITY;
  if (isOp(node, 'matmul')) {
    const [a, b] = node.inputs as readonly [Node, Node];
    const { batch, m, n, k } = matmulSizes(a, b, node.attributes);
    return batch * m * n * k;
  }
  return node.inputs.reduce((sum, { shape }) => sum + elementCount(shape), elementCount(node.shape));
}

/**
 * The constant that an expression of constants is; undefined where it depends on an input, where computing it here
 * would take long, and where a constant cannot hold it.
 */
export function foldExpression(node: Node): Node | undefined {
  const order = topologicalOrder([node]);
  if (order.some(({ op }) => op === 'input')) return undefined;
  const work = order.reduce((sum, each) => sum + (each.op === 'constant' ? 0 : workOf(each)), 0);
  if (!(work <= maxWork)) return undefined;
  const [data] = evaluate([node]) as [Float64Array];
  const { dtype, shape } = node;
  return canHold(data, dtype) ? createNode('constant', [], { dtype, shape, data }) : undefined;
}
