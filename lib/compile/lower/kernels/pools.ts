import type { Node, NodeOf } from '../../../graph/node.js';
import type { AveragePoolAttributes, MaxPoolAttributes } from '../../../graph/ops/pool.js';
import { elementCount, type Shape } from '../../../tensor.js';
import { type Instruction, type Storage, storageFor } from '../../program/ir.js';
import { type Lowering, type Operands, plain } from './lowering.js';

/**
 * The instruction that finds the largest elements of windows: where they are, and, in `values`, the elements
 * themselves.
 */
export function maxPool(
  { attributes, inputs, shape }: NodeOf<'maxPoolIndices'>,
  operands: Operands,
  values: Storage,
): Instruction[] {
  const isScaled = inputs.length > 1;
  return plain(
    'maxPool',
    [...windows(attributes, operands.shape(0), shape), Number(isScaled)],
    { x: operands.buffer(0), scale: isScaled ? operands.buffer(1) : undefined, indices: operands.target, y: values },
    elementCount(shape) * elementCount(attributes.kernel),
  );
}

/** The positions alone: nothing wants the elements. */
export const maxPoolIndices: Lowering<'maxPoolIndices'> = (node, operands) =>
  maxPool(node, operands, storageFor({ dtype: 'float32', shape: node.shape }));

export const averagePool: Lowering<'averagePool'> = ({ attributes, shape }, operands) =>
  plain(
    'averagePool',
    [...windows(attributes, operands.shape(0), shape), Number(attributes.countIncludePad)],
    { x: operands.buffer(0), y: operands.target },
    elementCount(shape) * elementCount(attributes.kernel),
  );

export const averagePoolGradient: Lowering<'averagePoolGradient'> = ({ attributes, shape }, operands) =>
  plain(
    'averagePoolGradient',
    [...windows(attributes, shape, operands.shape(0)), Number(attributes.countIncludePad)],
    { x: operands.target, y: operands.buffer(0) },
    elementCount(operands.shape(0)) * elementCount(attributes.kernel),
  );

/** Whether `rows` rows of `size` elements are the planes that a max pooling looks at. */
export function isByPlane(pool: NodeOf<'maxPoolIndices'>, rows: number, size: number): boolean {
  const { shape } = pool.inputs[0] as Node;
  return rows === elementCount(shape.slice(0, 2)) && size === elementCount(shape.slice(2));
}

/** The numbers of a pooling of x to y. */
function windows(attributes: MaxPoolAttributes | AveragePoolAttributes, x: Shape, y: Shape): number[] {
  const { kernel, strides, padding } = attributes;
  const dilations = 'dilations' in attributes ? attributes.dilations : kernel.map(() => 1);
  const low = padding.map((pair) => pair[0]);
  const high = padding.map((pair) => pair[1]);
  const sizes = [...x.slice(2), ...kernel, ...y.slice(2), ...strides, ...dilations, ...low, ...high];
  return [kernel.length, elementCount(x.slice(0, 2)), ...sizes];
}
