import { BilevelError } from '../../errors.js';
import { elementCount, type TensorType } from '../../tensor.js';
import type { NoAttributes, Op, Value } from '../op.js';
import { four, mismatch, requireDType, requireIntegers, requireShape, sizeAt } from './infer.js';
import { at } from './offsets.js';

export interface SparseMatmulAttributes {
  /** Whether the sparse matrix is transposed. */
  readonly transpose: boolean;
  /** Columns of the sparse matrix. */
  readonly size: number;
}

function requirePlaces(indices: TensorType, extents: TensorType): void {
  requireDType(indices, ['int32'], 'indices');
  requireDType(extents, ['int32'], 'extents');
  if (indices.shape.length !== 1) throw mismatch('Expected a list of indices.');
  if (extents.shape.length < 2 || extents.shape.at(-1) !== 2)
    throw mismatch('Expected extents as [...batch, rows, 2].');
}

/** A float32 matrix for each sparse one, [...batch, rows, columns]. @throws SHAPE_MISMATCH */
function requireMatrices(x: TensorType, name: string, extents: TensorType, rows: number | undefined): void {
  requireDType(x, ['float32'], name);
  const batch = extents.shape.slice(0, -2);
  if (x.shape.length !== batch.length + 2) throw mismatch(`Expected ${name} as [...batch, rows, columns].`);
  requireShape(
    x.shape.slice(0, -1),
    [...batch, rows ?? sizeAt(x.shape, batch.length)],
    `all but the columns of ${name}`,
  );
}

/**
 * Calls `visit(row, column, entry)` for the entries of every row: with the rows of all products counted on, and so the
 * columns of the sparse matrices.
 */
function forEachEntry(
  indices: Value,
  extents: Value,
  size: number,
  visit: (row: number, column: number, entry: number) => void,
): void {
  const rows = sizeAt(extents.shape, extents.shape.length - 2);
  const entries = indices.data.length;
  for (let row = 0; row < extents.data.length / 2; row++) {
    const [begin, count] = [at(extents.data, 2 * row), at(extents.data, 2 * row + 1)];
    if (begin < 0 || count < 0 || begin + count > entries) {
      const what = `The row at position ${row} has ${count} entries from ${begin} on; there are ${entries}.`;
      throw new BilevelError('INDEX_OUT_OF_RANGE', what);
    }
    for (let entry = begin; entry < begin + count; entry++) {
      const index = at(indices.data, entry);
      if (index < 0 || index >= size) {
        throw new BilevelError('INDEX_OUT_OF_RANGE', `The index ${index} is not one of 0 to ${size - 1}.`);
      }
      visit(row, Math.floor(row / rows) * size + index, entry);
    }
  }
}

/**
 * Products of sparse matrices and dense ones. Row r of a sparse matrix has the entries values[k] in the columns
 * indices[k] for k from extents[r, 0] on, extents[r, 1] of them; rows may share entries, and repeated columns add up.
 */
export const sparseMatmul: Op<SparseMatmulAttributes> = {
  infer(inputs, { transpose, size }) {
    const [values, indices, extents, x] = four<TensorType>(inputs);
    requireDType(values, ['float32'], 'values');
    requirePlaces(indices, extents);
    requireShape(values.shape, indices.shape, 'values');
    requireIntegers([size], 1, 0, 'size');
    const rows = sizeAt(extents.shape, extents.shape.length - 2);
    requireMatrices(x, 'x', extents, transpose ? rows : size);
    return {
      dtype: 'float32',
      shape: [...x.shape.slice(0, -2), transpose ? size : rows, sizeAt(x.shape, x.shape.length - 1)],
    };
  },
  evaluate(inputs, { transpose, size }, { shape }) {
    const [values, indices, extents, x] = four(inputs);
    const result = new Float64Array(elementCount(shape));
    const columns = sizeAt(shape, shape.length - 1);
    forEachEntry(indices, extents, size, (row, column, entry) => {
      const [from, to] = transpose ? [row, column] : [column, row];
      for (let i = 0; i < columns; i++) {
        const place = to * columns + i;
        result[place] = at(result, place) + at(values.data, entry) * at(x.data, from * columns + i);
      }
    });
    return result;
  },
};

/**
 * Products a b' of dense matrices at the entries of sparse ones alone: of each entry the sum over the rows that have it
 * of <a[row], b[indices[entry]]>, 0 for an entry of no row.
 */
export const sampledMatmul: Op<NoAttributes> = {
  infer(inputs) {
    const [indices, extents, a, b] = four<TensorType>(inputs);
    requirePlaces(indices, extents);
    requireMatrices(a, 'a', extents, sizeAt(extents.shape, extents.shape.length - 2));
    requireMatrices(b, 'b', extents, undefined);
    if (a.shape.at(-1) !== b.shape.at(-1))
      throw mismatch(`a has ${a.shape.at(-1)} columns but b has ${b.shape.at(-1)}.`);
    return { dtype: 'float32', shape: indices.shape };
  },
  evaluate(inputs, _attributes, { shape }) {
    const [indices, extents, a, b] = four(inputs);
    const result = new Float64Array(elementCount(shape));
    const columns = sizeAt(a.shape, a.shape.length - 1);
    forEachEntry(indices, extents, sizeAt(b.shape, b.shape.length - 2), (row, column, entry) => {
      for (let i = 0; i < columns; i++) {
        result[entry] = at(result, entry) + at(a.data, row * columns + i) * at(b.data, column * columns + i);
      }
    });
    return result;
  },
};
