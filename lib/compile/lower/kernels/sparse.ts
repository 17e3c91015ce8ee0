import { elementCount } from '../../../tensor.js';
import { type Lowering, type Operands, plain } from './lowering.js';

export const sparseMatmul: Lowering<'sparseMatmul'> = ({ attributes: { size, transpose } }, operands) => {
  const numbers = sizes(operands, { indices: 1, extents: 2, x: 3, size });
  const [values, indices, extents, x] = [
    operands.buffer(0),
    operands.buffer(1),
    operands.buffer(2),
    operands.buffer(3),
  ];
  const buffers = { values, indices, extents, x, y: operands.target };
  return plain('sparseMatmul', [...numbers, Number(transpose)], buffers, flopsOf(numbers));
};

export const sampledMatmul: Lowering<'sampledMatmul'> = (_node, operands) => {
  const numbers = sizes(operands, { indices: 0, extents: 1, x: 3, size: operands.shape(3).at(-2) as number });
  const [indices, extents, a, b] = [operands.buffer(0), operands.buffer(1), operands.buffer(2), operands.buffer(3)];
  return plain('sampledMatmul', numbers, { indices, extents, a, b, values: operands.target }, flopsOf(numbers));
};

/** batch, rows, size, columns, entries */
function sizes(
  operands: Operands,
  at: { readonly indices: number; readonly extents: number; readonly x: number; readonly size: number },
): number[] {
  const extents = operands.shape(at.extents);
  const rows = extents.at(-2) as number;
  const columns = operands.shape(at.x).at(-1) as number;
  return [elementCount(extents.slice(0, -2)), rows, at.size, columns, operands.shape(at.indices)[0] as number];
}

/** How many entries the rows have is known to the data alone: one is counted for each. */
function flopsOf([batch = 0, rows = 0, , columns = 0]: readonly number[]): number {
  return 2 * batch * rows * columns;
}
