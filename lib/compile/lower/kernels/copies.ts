import { rowMajorStrides } from '../../../tensor.js';
import { copyInstruction, fillInstruction } from '../fused.js';
import type { Lowering } from './lowering.js';

export const pad: Lowering<'pad'> = ({ attributes: { low, interior }, shape }, operands) => {
  const { target: storage, storageOf } = operands;
  const dense = rowMajorStrides(shape);
  const offset = low.reduce((sum, amount, axis) => sum + amount * (dense[axis] as number), 0);
  const strides = dense.map((stride, axis) => stride * (1 + (interior[axis] as number)));
  return [fillInstruction(0, storage), copyInstruction(operands.view(0), { storage, offset, strides }, storageOf)];
};

export const concat: Lowering<'concat'> = ({ attributes: { axis }, inputs, shape }, operands) => {
  const { target: storage, storageOf } = operands;
  const strides = rowMajorStrides(shape);
  let start = 0;
  return inputs.map((input, index) => {
    const offset = start * (strides[axis] as number);
    start += input.shape[axis] as number;
    return copyInstruction(operands.view(index), { storage, offset, strides }, storageOf);
  });
};
