import { BilevelError, checkRecord, describe, invalidArgument } from '../errors.js';
import { Tensor } from '../tensor.js';

/** A sparse matrix in compressed rows (CSR): row r has the entries from offsets[r] to offsets[r + 1] - 1. */
export interface CompressedRows {
  /** Where the rows begin, and where the last one ends: [rows + 1], from 0 on, none smaller than the one before. */
  readonly offsets: ArrayLike<number>;
  /** The column of each entry, from 0 on. */
  readonly indices: ArrayLike<number>;
  /** The value of each entry. */
  readonly values: ArrayLike<number>;
  /** Columns of the matrix, which need not all have entries. */
  readonly columns: number;
}

/**
 * Rows of a sparse matrix with their entries in shared memory, for a feed: `feed({ x: rows, y: labels })`. Selections
 * of rows share the entries.
 */
export class SparseRows {
  /** Rows. */
  readonly size: number;
  readonly columns: number;
  /** int32 [size, 2]: where the entries of each row begin, and how many there are. */
  readonly extents: Tensor<'int32'>;
  /** int32 [entries]: their columns. */
  readonly indices: Tensor<'int32'>;
  /** float32 [entries] */
  readonly values: Tensor<'float32'>;

  private constructor({
    columns,
    extents,
    indices,
    values,
  }: Pick<SparseRows, 'columns' | 'extents' | 'indices' | 'values'>) {
    this.size = extents.shape[0] ?? 0;
    this.columns = columns;
    this.extents = extents;
    this.indices = indices;
    this.values = values;
  }

  /**
   * Copies a matrix in compressed rows.
   * @throws INVALID_ARGUMENT for lists that are not such a matrix, INVALID_DATA for a value that is not finite, naming
   *   the entry; LIMIT_EXCEEDED
   */
  static from(matrix: CompressedRows): SparseRows {
    checkRecord(matrix, 'the matrix of SparseRows.from');
    const { offsets, indices, values, columns } = matrix;
    for (const [name, list] of Object.entries({ offsets, indices, values })) {
      const isList = Array.isArray(list) || (ArrayBuffer.isView(list) && 'length' in list);
      if (!isList) throw invalidArgument(`${name} of SparseRows`, 'an array or typed array of numbers', list);
    }
    if (!Number.isSafeInteger(columns) || columns < 1 || columns >= 2 ** 31) {
      throw invalidArgument('columns of SparseRows', 'an integer from 1 to 2^31 - 1', columns);
    }
    const rows = offsets.length - 1;
    const entries = values.length;
    if (indices.length !== entries) {
      throw invalidArgument('indices of SparseRows', `one index for each of the ${entries} values`, indices.length);
    }
    if (rows < 0 || offsets[0] !== 0 || offsets[rows] !== entries) {
      const expected = `a list from 0 to ${entries}, the number of values`;
      throw invalidArgument(
        'offsets of SparseRows',
        expected,
        rows < 0 ? '[]' : [offsets[0], offsets[rows]].join(' to '),
      );
    }
    const extents = Tensor.zeros([rows, 2], 'int32');
    for (let row = 0; row < rows; row++) {
      const [begin = 0, end = 0] = [offsets[row], offsets[row + 1]];
      if (!Number.isInteger(end) || end < begin) {
        throw invalidArgument(`offsets[${row + 1}] of SparseRows`, `an integer of at least ${begin}`, end);
      }
      extents.data[2 * row] = begin;
      extents.data[2 * row + 1] = end - begin;
    }
    const all = { indices: Tensor.zeros([entries], 'int32'), values: Tensor.zeros([entries]) };
    for (let entry = 0; entry < entries; entry++) {
      const [index = -1, value = Number.NaN] = [indices[entry], values[entry]];
      if (!Number.isInteger(index) || index < 0 || index >= columns) {
        throw invalidArgument(`indices[${entry}] of SparseRows`, `an integer from 0 to ${columns - 1}`, index);
      }
      if (!Number.isFinite(Math.fround(value))) {
        const what = `Expected finite numbers in SparseRows but the value of entry ${entry} is ${describe(value)}.`;
        throw new BilevelError('INVALID_DATA', what);
      }
      all.indices.data[entry] = index;
      all.values.data[entry] = value;
    }
    return new SparseRows({ columns, extents, ...all });
  }

  /** The chosen rows in the given order, of the same entries. @throws INVALID_ARGUMENT for a row that there is not */
  take(rows: ArrayLike<number>): SparseRows {
    const extents = Tensor.zeros([rows.length, 2], 'int32');
    for (let place = 0; place < rows.length; place++) {
      const row = rows[place] ?? -1;
      if (!Number.isInteger(row) || row < 0 || row >= this.size) {
        throw invalidArgument(`rows[${place}]`, `an integer from 0 to ${this.size - 1}`, rows[place]);
      }
      extents.data[2 * place] = this.extents.data[2 * row] ?? 0;
      extents.data[2 * place + 1] = this.extents.data[2 * row + 1] ?? 0;
    }
    return new SparseRows({ ...this, extents });
  }
}
