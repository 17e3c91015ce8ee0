import { types } from 'node:util';
import { abs, isOp, type Node, reduceMax, topologicalOrder } from '../../graph/index.js';
import { elementCount, type Tensor } from '../../tensor.js';
import type { Evaluation } from './evaluation.js';

/** An operation whose result is not finite although its operands are, or a tensor that is not. */
export interface Culprit {
  readonly node: Node;
  readonly result: Tensor;
  /** Its first element that is not finite. */
  readonly position: number;
  /** The values of its operands. */
  readonly operands: readonly { readonly node: Node; readonly tensor: Tensor }[];
}

/** The position of the first element that is not finite. */
export function findNonFinite(data: Tensor['data']): number | undefined {
  if (!types.isFloat32Array(data)) return undefined;
  for (let position = 0; position < data.length; position++) {
    if (!Number.isFinite(data[position])) return position;
  }
  return undefined;
}

/**
 * Goes from `root` back along operands that are not finite to the operation that they come from; NaN is followed before
 * infinity. Constants that are not finite are what somebody meant, such as the mask of an attention, and are not
 * followed.
 * @returns undefined when `root` is finite
 */
export async function trace(evaluate: Evaluation, root: Node): Promise<Culprit | undefined> {
  const order = topologicalOrder([root]).filter(
    (node) => node.dtype === 'float32' && !isOp(node, 'constant') && elementCount(node.shape) > 0,
  );
  const magnitudes = await evaluate(order.map((node) => (node.shape.length === 0 ? abs(node) : reduceMax(abs(node)))));
  const magnitude = new Map(order.map((node, index) => [node, magnitudes[index]?.item() ?? 0]));
  const isBad = (node: Node): boolean => !Number.isFinite(magnitude.get(node) ?? 0);
  if (!isBad(root)) return undefined;
  let node = root;
  for (let next: Node | undefined = root; next !== undefined; ) {
    node = next;
    const bad: Node[] = node.inputs.filter(isBad);
    next = bad.find((each) => Number.isNaN(magnitude.get(each))) ?? bad[0];
  }
  const [result, ...operands] = (await evaluate([node, ...node.inputs])) as [Tensor, ...Tensor[]];
  const position = findNonFinite(result.data);
  if (position === undefined) return undefined;
  return {
    node,
    result,
    position,
    operands: node.inputs.flatMap((input, index) => {
      const tensor = operands[index];
      return tensor === undefined ? [] : [{ node: input, tensor }];
    }),
  };
}
