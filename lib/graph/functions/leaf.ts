import { types } from 'node:util';
import { BilevelError, invalidArgument } from '../../errors.js';
import { type DType, dtypeOf, type Shape, Tensor } from '../../tensor.js';
import { createNode, type Node, type Operand, requireNode } from '../node.js';
import { list } from './arguments.js';

/** A value that is bound by name when the graph is run. */
export function input(name: string, shape: Shape, dtype: DType = 'float32'): Node {
  return createNode('input', [], { name, dtype, shape: list(shape, 'shape') });
}

/** Row-major elements of a constant. */
export type ConstantValues = number | boolean | ArrayLike<number | bigint | boolean>;

/**
 * A value known when the graph is written, copied from a tensor or from row-major elements. A single number gives a
 * scalar; a list without a shape gives a vector. The dtype is that of the tensor; else, unless given, int32 for an
 * Int32Array, int64 for bigints and float32 for the rest.
 * @throws SHAPE_MISMATCH when the number of elements is not that of the shape; INVALID_ARGUMENT for values that the
 * dtype cannot hold exactly (integers beyond 2^53 included).
 */
export function constant(values: Tensor | ConstantValues, shape?: Shape, dtype?: DType): Node {
  if (values instanceof Tensor) return constant(values.data, shape ?? values.shape, dtype ?? values.dtype);
  const elements = typeof values === 'number' || typeof values === 'boolean' ? [values] : values;
  if (typeof elements !== 'object' || elements === null || !('length' in elements)) {
    throw invalidArgument('values', 'a tensor, a number or a list of numbers', values);
  }
  if (Array.isArray(elements) && !elements.every(isScalar)) {
    throw invalidArgument('values', 'one list of numbers, row by row, and the shape beside it', values);
  }
  // Typed arrays of numbers are copied at once.
  const isReal = types.isFloat64Array(elements) || types.isFloat32Array(elements);
  const data = isReal ? new Float64Array(elements) : Float64Array.from(elements, Number);
  const defaultShape = elements === values ? [data.length] : [];
  return createNode('constant', [], {
    dtype: dtype ?? dtypeOf(elements),
    shape: list(shape ?? defaultShape, 'shape'),
    data,
  });
}

function isScalar(value: unknown): boolean {
  return typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean';
}

/** The elements of a constant take 8 bytes each while a graph is built. */
const maxConstantElements = 2 ** 28;

/** 0, 1, ..., size - 1. @throws INVALID_ARGUMENT; LIMIT_EXCEEDED above 2^28 */
export function iota(size: number, dtype: DType = 'int64'): Node {
  if (!Number.isSafeInteger(size) || size < 0) throw invalidArgument('size', 'a non-negative integer', size);
  if (size > maxConstantElements) {
    throw new BilevelError('LIMIT_EXCEEDED', `A constant of ${size} elements is more than ${maxConstantElements}.`);
  }
  const values = new Float64Array(size);
  for (let index = 0; index < size; index++) values[index] = index;
  return constant(values, [size], dtype);
}

/** The operand as a node; a number becomes a scalar constant of the given dtype. */
export function toNode(operand: Operand, dtype: DType = 'float32'): Node {
  return typeof operand === 'number' ? constant(operand, [], dtype) : requireNode(operand, 'an operand');
}

/** Operands as nodes; numbers take the dtype of the first operand that is a node, float32 without one. */
export function toNodes<const T extends readonly Operand[]>(operands: T): { readonly [K in keyof T]: Node };
export function toNodes(operands: readonly Operand[]): readonly Node[] {
  const node = operands.find((operand) => typeof operand === 'object');
  return operands.map((operand) => toNode(operand, node?.dtype));
}
