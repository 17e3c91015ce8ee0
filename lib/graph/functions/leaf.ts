import { invalidArgument } from '../../errors.js';
import { type DType, type Shape, Tensor } from '../../tensor.js';
import { createNode, type Node } from '../node.js';

/** A value that is bound by name when the graph is run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Node {
  return createNode('input', [], { name, dtype, shape: Object.freeze([...shape]) });
}

/** Row-major elements of a constant. */
export type ConstantValues = number | boolean | ArrayLike<number | bigint | boolean>;

/**
 * A value known when the graph is written, copied from a tensor or from row-major elements. A single number gives a
 * scalar; a list without a shape gives a vector.
 * @throws SHAPE_MISMATCH when the number of elements is not that of the shape; INVALID_ARGUMENT for values that the
 * dtype cannot hold exactly (integers beyond 2^53 included).
 */
export function constant(values: Tensor | ConstantValues, shape?: Shape, dtype?: DType): Node {
  if (values instanceof Tensor) return constant(values.data, shape ?? values.shape, dtype ?? values.dtype);
  const list = typeof values === 'number' || typeof values === 'boolean' ? [values] : values;
  const data = Float64Array.from(list, Number);
  const defaultShape = list === values ? [data.length] : [];
  return createNode('constant', [], {
    dtype: dtype ?? 'float32',
    shape: Object.freeze([...(shape ?? defaultShape)]),
    data,
  });
}

/** 0, 1, ..., size - 1. */
export function iota(size: number, dtype: DType = 'int64'): Node {
  if (!Number.isSafeInteger(size) || size < 0) throw invalidArgument('size', 'a non-negative integer', size);
  return constant(
    Array.from({ length: size }, (_, index) => index),
    [size],
    dtype,
  );
}

/** A node, or a number standing for a scalar constant. */
export type Operand = Node | number;

/** The operand as a node; a number becomes a scalar constant of the given dtype. */
export function toNode(operand: Operand, dtype: DType = 'float32'): Node {
  return typeof operand === 'number' ? constant(operand, [], dtype) : operand;
}

/** Operands as nodes; numbers take the dtype of the first operand that is a node, float32 without one. */
export function toNodes<const T extends readonly Operand[]>(operands: T): { readonly [K in keyof T]: Node };
export function toNodes(operands: readonly Operand[]): readonly Node[] {
  const node = operands.find((operand) => typeof operand !== 'number');
  return operands.map((operand) => toNode(operand, node?.dtype));
}
