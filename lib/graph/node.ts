import { BilevelError, invalidArgument } from '../errors.js';
import { type DType, formatType, type Shape, type TensorType } from '../tensor.js';
import { type AttributesOf, type OpName, ops } from './ops/index.js';
import { currentOrigin, type Origin } from './origin.js';

/** A node, or a number, which becomes a constant. */
export type Operand = Node | number;

/**
 * What can be written behind a node, so that a cost reads from left to right: `x.matmul(w).add(b).relu()`. Each calls
 * the function of `bilevel/graph` of its name, which says more, with the node before the other arguments.
 */
export interface Chaining {
  add(other: Operand): Node;
  sub(other: Operand): Node;
  mul(other: Operand): Node;
  div(other: Operand): Node;
  pow(exponent: Operand): Node;
  maximum(other: Operand): Node;
  minimum(other: Operand): Node;
  /** int32 of 0 and 1, as all comparisons. */
  less(other: Operand): Node;
  lessEqual(other: Operand): Node;
  greater(other: Operand): Node;
  greaterEqual(other: Operand): Node;
  equal(other: Operand): Node;
  neg(): Node;
  abs(): Node;
  exp(): Node;
  log(): Node;
  sqrt(): Node;
  square(): Node;
  tanh(): Node;
  sigmoid(): Node;
  relu(): Node;
  gelu(): Node;
  softplus(): Node;
  clip(low?: Operand, high?: Operand): Node;
  cast(dtype: DType): Node;
  /** Without derivative. */
  stopGradient(): Node;
  matmul(other: Node, options?: { readonly transposeA?: boolean; readonly transposeB?: boolean }): Node;
  /** `reduceSum`: over all axes by default. */
  sum(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  /** `reduceMax`: over all axes by default. */
  max(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  mean(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  norm(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  argMax(axis: number): Node;
  softmax(axis?: number): Node;
  logSoftmax(axis?: number): Node;
  /** One size may be -1: what the others leave. */
  reshape(shape: Shape): Node;
  transpose(permutation?: readonly number[]): Node;
  broadcastTo(shape: Shape): Node;
  expandDims(axes: readonly number[]): Node;
  gather(indices: Node, axis?: number): Node;
}

/**
 * One value of a graph: the result of applying a primitive to other values. Nodes are immutable and have static types,
 * so a graph is a directed acyclic graph by construction. `id` grows in creation order: inputs have smaller ids.
 */
export interface Node extends TensorType, Chaining {
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

/** The nodes themselves. What can be written behind them is in chain.ts, which knows the functions. */
export class GraphNode {
  readonly id = nextId++;
  readonly op: OpName;
  readonly inputs: readonly Node[];
  readonly attributes: unknown;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly origin: Origin | undefined;

  constructor(
    op: OpName,
    inputs: readonly Node[],
    attributes: unknown,
    { dtype, shape }: TensorType,
    origin: Origin | undefined,
  ) {
    this.op = op;
    this.inputs = Object.freeze([...inputs]);
    this.attributes = attributes;
    this.dtype = dtype;
    this.shape = Object.freeze([...shape]);
    this.origin = origin;
    Object.freeze(this);
  }
}

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
  return new GraphNode(op, inputs, attributes, type, origin) as object as NodeOf<K>;
}
