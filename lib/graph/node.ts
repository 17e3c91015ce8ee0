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
  /** This + other. */
  add(other: Operand): Node;
  /** This - other. */
  sub(other: Operand): Node;
  /** This times other, element by element. */
  mul(other: Operand): Node;
  /** This / other. */
  div(other: Operand): Node;
  /** This to the power of the exponent. */
  pow(exponent: Operand): Node;
  /** The larger of this and other. */
  maximum(other: Operand): Node;
  /** The smaller of this and other. */
  minimum(other: Operand): Node;
  /** Whether this < other, as bool. */
  less(other: Operand): Node;
  /** Whether this <= other, as bool. */
  lessEqual(other: Operand): Node;
  /** Whether this > other, as bool. */
  greater(other: Operand): Node;
  /** Whether this >= other, as bool. */
  greaterEqual(other: Operand): Node;
  /** Whether this = other, as bool. */
  equal(other: Operand): Node;
  /** Minus this. */
  neg(): Node;
  /** Absolute value. */
  abs(): Node;
  /** e to the power of this. */
  exp(): Node;
  /** Natural logarithm. */
  log(): Node;
  /** Square root. */
  sqrt(): Node;
  /** This times this. */
  square(): Node;
  /** Hyperbolic tangent. */
  tanh(): Node;
  /** 1 / (1 + exp(-this)). */
  sigmoid(): Node;
  /** max(this, 0). */
  relu(): Node;
  /** Gaussian error linear unit. */
  gelu(): Node;
  /** log(1 + exp(this)). */
  softplus(): Node;
  /** No less than `low` and no more than `high`. */
  clip(low?: Operand, high?: Operand): Node;
  /** Every element as another dtype. */
  cast(dtype: DType): Node;
  /** Without derivative. */
  stopGradient(): Node;
  /** Matrix product. */
  matmul(other: Node, options?: { readonly transposeA?: boolean; readonly transposeB?: boolean }): Node;
  /** `reduceSum`: over all axes by default. */
  sum(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  /** `reduceMax`: over all axes by default. */
  max(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  /** Over all axes by default. */
  mean(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  /** Euclidean norm, over all axes by default. */
  norm(axes?: readonly number[], options?: { readonly keepDims?: boolean }): Node;
  /** Position of the largest element along an axis. */
  argMax(axis: number): Node;
  /** Along an axis; the last one by default. */
  softmax(axis?: number): Node;
  /** Logarithm of softmax, along an axis; the last one by default. */
  logSoftmax(axis?: number): Node;
  /** One size may be -1: what the others leave. */
  reshape(shape: Shape): Node;
  /** Axes in another order; reversed by default. */
  transpose(permutation?: readonly number[]): Node;
  /** Repeated to a shape by the rule of NumPy. */
  broadcastTo(shape: Shape): Node;
  /** With axes of length 1 at these positions of the result. */
  expandDims(axes: readonly number[]): Node;
  /** The slices at these indices along an axis; the first one by default. */
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
