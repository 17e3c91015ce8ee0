import { input, isOp, type Node, topologicalOrder } from '../../graph/index.js';
import type { Network } from '../../onnx/index.js';
import type { DType, Shape } from '../../tensor.js';

/** A matrix of parameters that multiplies the inputs, or what the network makes of them without parameters. */
export interface DenseLayer {
  /** Name of the matrix. */
  readonly array: string;
  /** Its axis of inputs. */
  readonly axis: 0 | 1;
  /** Inputs of the layer. */
  readonly size: number;
}

/**
 * The first layer of a network, where it is a matrix of parameters and no other parameter comes before: a dense layer
 * on the inputs, flattened if need be. Undefined for other networks, such as those that begin with a convolution.
 */
export function firstDenseLayer(network: Network, inputShape: Shape, dtype: DType = 'float32'): DenseLayer | undefined {
  const x = input('x', [2, ...inputShape], dtype);
  const parameters = network.parameterNodes();
  const named = new Map(Object.entries(parameters).map(([name, node]) => [node, name]));
  const order = topologicalOrder([network.apply(x, parameters, { training: false })]);
  const touched = new Set<Node>();
  for (const node of order) {
    if (named.has(node) || node.inputs.some((each) => touched.has(each))) touched.add(node);
  }
  const first = order.find((node) => touched.has(node) && node.inputs.some((each) => dependsOn(each, x)));
  if (first === undefined || !isOp(first, 'matmul')) return undefined;
  const [left, right] = first.inputs as [Node, Node];
  if (touched.has(left)) return undefined;
  const { matrix, turned } = straight(right);
  const array = named.get(matrix);
  if (array === undefined || matrix.shape.length !== 2) return undefined;
  const axis = first.attributes.transposeB !== turned ? 1 : 0;
  return { array, axis, size: matrix.shape[axis] ?? 0 };
}

const dependsOn = (node: Node, x: Node): boolean => topologicalOrder([node]).includes(x);

/** The matrix that a node is, or is the transpose of. */
function straight(node: Node): { readonly matrix: Node; readonly turned: boolean } {
  const [inner] = node.inputs;
  if (node.op !== 'transpose' || inner === undefined) return { matrix: node, turned: false };
  const { matrix, turned } = straight(inner);
  return { matrix, turned: !turned };
}
