import { BilevelError, invalidArgument } from '../errors.js';
import { type DType, formatType, type Shape, type TensorType } from '../tensor.js';
import { type AttributesOf, type OpName, ops } from './ops/index.js';
import { currentOrigin, type Origin } from './origin.js';

/**
 * One value of a graph: the result of applying a primitive to other values. Nodes are immutable and have static types,
 * so a graph is a directed acyclic graph by construction. `id` grows in creation order: inputs have smaller ids.
 */
export interface Node extends TensorType {
  readonly id: number;
  readonly op: OpName;
  readonly inputs: readonly Node[];
  readonly attributes: unknown;
  readonly dtype: DType;
  readonly shape: Shape;
  /** What it was made for, where that is known: no part of its meaning. */
  readonly origin: Origin | undefined;
}

/** A node whose operation is known, with its attributes typed. */
export type NodeOf<K extends OpName> = Node & { readonly op: K; readonly attributes: AttributesOf<K> };

export function isOp<K extends OpName>(node: Node, op: K): node is NodeOf<K> {
  return node.op === op;
}

export function isNode(value: unknown): value is Node {
  return (
    typeof value === 'object' && value !== null && 'op' in value && 'inputs' in value && Array.isArray(value.inputs)
  );
}

/** The node itself. @throws INVALID_ARGUMENT for anything else, such as a tensor, which `constant` makes a node */
export function requireNode(node: Node, parameter: string): Node {
  if (!isNode(node)) throw invalidArgument(parameter, 'a graph node', node);
  return node;
}

/** The list of nodes itself. @throws INVALID_ARGUMENT for anything else */
export function requireNodes(nodes: readonly Node[], parameter: string): readonly Node[] {
  if (!Array.isArray(nodes)) throw invalidArgument(parameter, 'a list of graph nodes', nodes);
  for (const [position, node] of nodes.entries()) requireNode(node, `${parameter}[${position}]`);
  return nodes;
}

let nextId = 0;

/**
 * Applies a primitive. Checks operand types through the op's `infer`, so a wrong graph fails where it is written.
 * @param origin for messages; that of the present scope by default
 * @throws SHAPE_MISMATCH when the operands do not fit; the message names the operation and the operand types.
 */
export function createNode<K extends OpName>(
  op: K,
  inputs: readonly Node[],
  attributes: AttributesOf<K>,
  origin: Origin | undefined = currentOrigin(),
): NodeOf<K> {
  for (const [position, node] of inputs.entries()) requireNode(node, `operand ${position + 1} of ${op}`);
  let type: TensorType;
  try {
    type = ops[op].infer(inputs, attributes as never);
  } catch (error) {
    if (!(error instanceof BilevelError)) throw error;
    throw new BilevelError(error.code, `${op}(${inputs.map(formatType).join(', ')}): ${error.message}`, {
      cause: error,
    });
  }
  Object.freeze(attributes);
  return Object.freeze({
    id: nextId++,
    op,
    inputs: Object.freeze([...inputs]),
    attributes,
    dtype: type.dtype,
    shape: Object.freeze([...type.shape]),
    origin,
  });
}
