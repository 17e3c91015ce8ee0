import { BilevelError } from '../errors.js';
import {
  input,
  isNode,
  isOp,
  type Node,
  type SparseNodes,
  sparseMatmul,
  substitute,
  topologicalOrder,
  transpose,
} from '../graph/index.js';
import type { Network } from '../onnx/index.js';
import { sameShape } from '../tensor.js';

/**
 * A network on dense inputs [n, ...], or on sparse rows with so many columns, which its first layer has to multiply by
 * a matrix: then no row is ever written out.
 * @throws INVALID_ARGUMENT for a network that does something else with its input than multiply it
 */
export function applyToRows(
  network: Network,
  x: Node | SparseNodes,
  columns: number,
  parameters: Readonly<Record<string, Node>>,
  options: { readonly key?: Node; readonly training?: boolean } = {},
): Node {
  if (isNode(x)) return network.apply(x, parameters, options);
  const dense = input('dense rows', [x.extents.shape.at(-2) ?? 0, columns]);
  const logits = network.apply(dense, parameters, options);
  const order = topologicalOrder([logits]);
  // Flattening leaves rows as they are.
  const same = new Set<Node>([dense]);
  for (const node of order) {
    const [inner] = node.inputs;
    if (isOp(node, 'reshape') && inner && same.has(inner) && sameShape(node.shape, dense.shape)) same.add(node);
  }
  const products = order.flatMap((node): [Node, Node][] => {
    const [left, right] = node.inputs;
    if (!isOp(node, 'matmul') || left === undefined || right === undefined || !same.has(left)) return [];
    const { transposeA, transposeB } = node.attributes;
    if (transposeA || same.has(right)) return [];
    return [[node, sparseMatmul(x, transposeB ? transpose(right, [1, 0]) : right)]];
  });
  const [replaced = logits] = substitute([logits], new Map(products));
  if (!topologicalOrder([replaced]).includes(dense)) return replaced;
  throw new BilevelError(
    'INVALID_ARGUMENT',
    'Sparse rows are for networks that multiply their input by a matrix, such as softmax, logreg and mlp, and do nothing else with it.',
  );
}
