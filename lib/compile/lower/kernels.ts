import { BilevelError } from '../../errors.js';
import { isOp, type Node, type NodeOf } from '../../graph/node.js';
import type { ConvAttributes } from '../../graph/ops/conv.js';
import type { AveragePoolAttributes } from '../../graph/ops/pool.js';
import { elementCount, type Shape } from '../../tensor.js';
import type { Instruction, PlainInstruction, Storage } from '../program/ir.js';
import { rowMajorStrides, type ViewPlan } from '../views.js';
import { copyInstruction, fillInstruction, type StorageOf } from './fused.js';

/** The instructions of an operation that is not fused, writing to `target`. docs/program-format.md has their words. */
export function lowerKernel(node: Node, target: Storage, views: ViewPlan, storageOf: StorageOf): Instruction[] {
  const view = (index: number) => views.viewOf(node.inputs[index] as Node);
  const buffer = (index: number): Storage => storageOf(view(index).base);
  const shapeOf = (index: number): Shape => (node.inputs[index] as Node).shape;
  const plain = (
    opcode: PlainInstruction['opcode'],
    words: readonly (number | Storage)[],
    flops = 0,
  ): Instruction[] => [{ opcode, words, flops }];

  if (isOp(node, 'matmul')) {
    const { transposeA, transposeB } = node.attributes;
    const [m, n] = node.shape.slice(-2) as [number, number];
    const k = shapeOf(0).at(transposeA ? -2 : -1) as number;
    const batch = elementCount(node.shape.slice(0, -2));
    const operands = [buffer(0), view(0).offset, buffer(1), view(1).offset, target, 0];
    return plain(
      'matmul',
      [batch, m, n, k, Number(transposeA), Number(transposeB), ...operands],
      2 * batch * m * n * k,
    );
  }
  if (isOp(node, 'conv')) {
    return plain(
      'conv',
      ...convolution(node.attributes, shapeOf(0), shapeOf(1), node.shape, buffer(0), buffer(1), target),
    );
  }
  if (isOp(node, 'convInputGradient')) {
    const words = convolution(node.attributes, node.shape, shapeOf(1), shapeOf(0), target, buffer(1), buffer(0));
    return plain('convInputGradient', ...words);
  }
  if (isOp(node, 'convFilterGradient')) {
    const words = convolution(node.attributes, shapeOf(0), node.shape, shapeOf(1), buffer(0), target, buffer(1));
    return plain('convFilterGradient', ...words);
  }
  if (isOp(node, 'averagePool')) {
    const { kernel, countIncludePad } = node.attributes;
    const words = pooling(
      node.attributes,
      kernel.map(() => 1),
      shapeOf(0),
      node.shape,
    );
    return plain(
      'averagePool',
      [...words, Number(countIncludePad), buffer(0), target],
      elementCount(node.shape) * elementCount(kernel),
    );
  }
  if (isOp(node, 'averagePoolGradient')) {
    const { kernel, countIncludePad } = node.attributes;
    const words = pooling(
      node.attributes,
      kernel.map(() => 1),
      node.shape,
      shapeOf(0),
    );
    return plain(
      'averagePoolGradient',
      [...words, Number(countIncludePad), target, buffer(0)],
      elementCount(shapeOf(0)) * elementCount(kernel),
    );
  }
  if (isOp(node, 'gather')) {
    const words = splitAround(shapeOf(0), node.attributes.axis);
    return plain('gather', [...words, elementCount(shapeOf(1)), buffer(0), buffer(1), target]);
  }
  if (isOp(node, 'scatterAdd')) {
    const words = splitAround(node.shape, node.attributes.axis);
    const additions = elementCount(shapeOf(0));
    return plain('scatterAdd', [...words, elementCount(shapeOf(1)), buffer(0), buffer(1), target], additions);
  }
  if (isOp(node, 'gatherElements')) {
    const rows = elementCount(node.shape.slice(0, -1));
    return plain('gatherElements', [
      rows,
      shapeOf(0).at(-1) as number,
      node.shape.at(-1) as number,
      buffer(0),
      buffer(1),
      target,
    ]);
  }
  if (isOp(node, 'scatterAddElements')) {
    const rows = elementCount(node.shape.slice(0, -1));
    const words = [rows, node.attributes.size, shapeOf(0).at(-1) as number, buffer(0), buffer(1), target];
    return plain('scatterAddElements', words, elementCount(shapeOf(0)));
  }
  if (isOp(node, 'setRows')) {
    const [size, ...row] = node.shape as [number, ...number[]];
    return plain('setRows', [
      size,
      elementCount(row),
      elementCount(shapeOf(1)),
      buffer(0),
      buffer(1),
      buffer(2),
      target,
    ]);
  }
  if (isOp(node, 'argMax')) {
    return plain(
      'argMax',
      [...splitAround(shapeOf(0), node.attributes.axis), buffer(0), target],
      elementCount(shapeOf(0)),
    );
  }
  if (isOp(node, 'randomUniform')) return plain('randomUniform', [elementCount(node.shape), buffer(0), target]);
  if (isOp(node, 'pad')) {
    const { low, interior } = node.attributes;
    const dense = rowMajorStrides(node.shape);
    const offset = low.reduce((sum, amount, axis) => sum + amount * (dense[axis] as number), 0);
    const strides = dense.map((stride, axis) => stride * (1 + (interior[axis] as number)));
    return [fillInstruction(0, target), copyInstruction(view(0), { storage: target, offset, strides }, storageOf)];
  }
  if (isOp(node, 'concat')) {
    const strides = rowMajorStrides(node.shape);
    const { axis } = node.attributes;
    let start = 0;
    return node.inputs.map((input, index) => {
      const offset = start * (strides[axis] as number);
      start += input.shape[axis] as number;
      return copyInstruction(view(index), { storage: target, offset, strides }, storageOf);
    });
  }
  throw new BilevelError('UNSUPPORTED_OPERATOR', `The compiler has no instruction for the operation ${node.op}.`);
}

/** The instruction that finds the largest elements of windows: where they are, and, in `values`, the elements themselves. */
export function lowerMaxPool(
  pool: NodeOf<'maxPoolIndices'>,
  values: Storage,
  views: ViewPlan,
  storageOf: StorageOf,
): Instruction {
  const { attributes, inputs, shape } = pool;
  const words = pooling(attributes, attributes.dilations, (inputs[0] as Node).shape, shape);
  const operands = inputs.map((operand) => storageOf(views.viewOf(operand).base));
  return {
    opcode: 'maxPool',
    words: [...words, operands.length - 1, ...operands, storageOf(pool), values],
    flops: elementCount(shape) * elementCount(attributes.kernel),
  };
}

/** Whether `rows` rows of `size` elements are the planes that a max pooling looks at. */
export function isByPlane(pool: NodeOf<'maxPoolIndices'>, rows: number, size: number): boolean {
  const { shape } = pool.inputs[0] as Node;
  return rows === elementCount(shape.slice(0, 2)) && size === elementCount(shape.slice(2));
}

/** [elements before the axis, its size, elements behind it] */
function splitAround(shape: Shape, axis: number): [number, number, number] {
  return [elementCount(shape.slice(0, axis)), shape[axis] as number, elementCount(shape.slice(axis + 1))];
}

function convolution(
  { strides, dilations, padding, groups }: ConvAttributes,
  x: Shape,
  w: Shape,
  y: Shape,
  bufferX: Storage,
  bufferW: Storage,
  bufferY: Storage,
): [(number | Storage)[], number] {
  const [batch, inputChannels, ...inputSize] = x as [number, number, ...number[]];
  const [outputChannels, channelsPerGroup, ...kernelSize] = w as [number, number, ...number[]];
  const outputSize = y.slice(2);
  const low = padding.map((pair) => pair[0]);
  const high = padding.map((pair) => pair[1]);
  const sizes = [...inputSize, ...kernelSize, ...outputSize, ...strides, ...dilations, ...low, ...high];
  const words = [inputSize.length, batch, inputChannels, outputChannels, groups, ...sizes, bufferX, bufferW, bufferY];
  return [words, 2 * elementCount(y) * channelsPerGroup * elementCount(kernelSize)];
}

function pooling(
  { kernel, strides, padding }: Pick<AveragePoolAttributes, 'kernel' | 'strides' | 'padding'>,
  dilations: readonly number[],
  x: Shape,
  y: Shape,
): number[] {
  const low = padding.map((pair) => pair[0]);
  const high = padding.map((pair) => pair[1]);
  const sizes = [...x.slice(2), ...kernel, ...y.slice(2), ...strides, ...dilations, ...low, ...high];
  return [kernel.length, elementCount(x.slice(0, 2)), ...sizes];
}
