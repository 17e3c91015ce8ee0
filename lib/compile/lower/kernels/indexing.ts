import { elementCount, type Shape } from '../../../tensor.js';
import { type Lowering, type Operands, plain } from './lowering.js';

export const gather: Lowering<'gather'> = ({ attributes }, operands) => {
  const numbers = [...splitAround(operands.shape(0), attributes.axis), elementCount(operands.shape(1))];
  return plain('gather', numbers, lookedUp(operands));
};

export const scatterAdd: Lowering<'scatterAdd'> = ({ attributes, shape }, operands) => {
  const numbers = [...splitAround(shape, attributes.axis), elementCount(operands.shape(1))];
  return plain('scatterAdd', numbers, lookedUp(operands), elementCount(operands.shape(0)));
};

export const gatherElements: Lowering<'gatherElements'> = ({ shape }, operands) => {
  const rows = elementCount(shape.slice(0, -1));
  const numbers = [rows, operands.shape(0).at(-1) as number, shape.at(-1) as number];
  return plain('gatherElements', numbers, lookedUp(operands));
};

export const scatterAddElements: Lowering<'scatterAddElements'> = ({ attributes, shape }, operands) => {
  const rows = elementCount(shape.slice(0, -1));
  const numbers = [rows, attributes.size, operands.shape(0).at(-1) as number];
  return plain('scatterAddElements', numbers, lookedUp(operands), elementCount(operands.shape(0)));
};

export const setRows: Lowering<'setRows'> = ({ shape }, operands) => {
  const [size, ...row] = shape as [number, ...number[]];
  const [target, indices, rows] = [operands.buffer(0), operands.buffer(1), operands.buffer(2)];
  const numbers = [size, elementCount(row), elementCount(operands.shape(1))];
  return plain('setRows', numbers, { target, indices, rows, y: operands.target });
};

export const argMax: Lowering<'argMax'> = ({ attributes }, operands) => {
  const x = operands.shape(0);
  const buffers = { x: operands.buffer(0), y: operands.target };
  return plain('argMax', splitAround(x, attributes.axis), buffers, elementCount(x));
};

function lookedUp(operands: Operands) {
  return { x: operands.buffer(0), indices: operands.buffer(1), y: operands.target };
}

/** [elements before the axis, its size, elements behind it] */
function splitAround(shape: Shape, axis: number): [number, number, number] {
  return [elementCount(shape.slice(0, axis)), shape[axis] as number, elementCount(shape.slice(axis + 1))];
}
