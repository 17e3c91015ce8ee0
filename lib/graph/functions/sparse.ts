import { checkKeys, checkRecord } from '../../errors.js';
import { createNode, type Node, requireNode } from '../node.js';

/**
 * The rows of a sparse matrix in a graph, as lists of entries: row r has the entries `values[k]` in the columns
 * `indices[k]` for k from `extents[r, 0]` on, `extents[r, 1]` of them. Rows lie anywhere among the entries, so that a
 * mini-batch of a data set is a few extents and copies no entry; repeated columns of a row add up.
 */
export interface SparseNodes {
  /** float32 [entries] */
  readonly values: Node;
  /** int32 [entries]: columns, from 0 on. */
  readonly indices: Node;
  /** int32 [...batch, rows, 2]: where the entries of each row begin, and how many there are. */
  readonly extents: Node;
}

/** Options of {@link sparseMatmul}. */
export interface SparseMatmulOptions {
  /** Multiplies by the transpose [size, rows] of the sparse matrix; false by default. */
  readonly transpose?: boolean;
  /** Columns of the sparse matrix; by default as many as x has rows. Needed for a transposed one. */
  readonly size?: number;
}

/**
 * The product of a sparse matrix [...batch, rows, size] and a dense one x [...batch, size, columns], float32 [...batch,
 * rows, columns]; of the transpose and x [...batch, rows, columns] it is [...batch, size, columns]. What is computed
 * grows with the entries of the rows, and not with `size`. Differentiable, any number of times, in the values and in x.
 * @throws UNKNOWN_OPTION; SHAPE_MISMATCH for operands that do not fit; INVALID_ARGUMENT for a size that is none.
 *   When it is computed: INDEX_OUT_OF_RANGE for extents beyond the entries and for an index of a row's entry that is
 *   not one of 0 to size - 1
 */
export function sparseMatmul(rows: SparseNodes, x: Node, options: SparseMatmulOptions = {}): Node {
  checkRecord(rows, 'rows');
  checkKeys(options, ['transpose', 'size'], 'sparseMatmul');
  const { transpose = false, size = requireNode(x, 'x').shape.at(-2) ?? 0 } = options;
  return createNode('sparseMatmul', [rows.values, rows.indices, rows.extents, x], { transpose, size });
}

/**
 * The product a b' of dense matrices, a [...batch, rows, columns] and b [...batch, size, columns], at the entries of a
 * sparse one alone, float32 [entries]: of each entry the sum over the rows that have it of <a[row],
 * b[indices[entry]]>, and 0 for an entry that no row has. It is the derivative of {@link sparseMatmul} in its values.
 * @throws SHAPE_MISMATCH for operands that do not fit; when it is computed INDEX_OUT_OF_RANGE as sparseMatmul
 */
export function sampledMatmul(rows: Omit<SparseNodes, 'values'>, a: Node, b: Node): Node {
  checkRecord(rows, 'rows');
  return createNode('sampledMatmul', [rows.indices, rows.extents, a, b], {});
}
