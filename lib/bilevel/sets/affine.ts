import { BilevelError } from '../../errors.js';
import { constant, matmul, reshape, sub, transpose } from '../../graph/index.js';
import { dot } from '../../numbers.js';
import { elementCount, formatType, type Tensor } from '../../tensor.js';
import { checkReal } from '../check-tensor.js';
import { type ConvexSet, describeTensor, misfit } from './set.js';

/**
 * { x : A x = b }, linear equalities on the elements of a variable in row-major order. With orthonormal rows Q that
 * span those of A, and Q x = c the same equalities, the projection is x - Q' (Q x - c): two thin products, whose
 * rounding does not grow with the condition of A.
 * @param A float32 [m, n], of rank m, for a variable of n elements
 * @param b float32 [m]
 * @throws INVALID_ARGUMENT when a row of A depends on the rows before it; SHAPE_MISMATCH; INVALID_DATA for a number
 * that is not finite
 */
export function affine(A: Tensor, b: Tensor): ConvexSet {
  checkReal('A of affine', A);
  checkReal('b of affine', b);
  const [m = 0, n = 0] = A.shape;
  if (A.shape.length !== 2 || m === 0 || b.shape.length !== 1 || b.shape[0] !== m) {
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `Expected A [m, n] and b [m] with m >= 1 for affine but received ${formatType(A)} and ${formatType(b)}.`,
    );
  }
  const equalities = orthonormalize(rowsOf(A.toArray(), n), b.toArray());
  const rows = constant(
    equalities.flatMap(({ row }) => row),
    [m, n],
  );
  const right = constant(equalities.map((equality) => equality.right));
  const description = `affine(${describeTensor(A)}, ${describeTensor(b)})`;
  return Object.freeze<ConvexSet>({
    name: 'affine',
    description,
    rowwise: false,
    project(value, batchAxes) {
      const flat = reshape(value, [elementCount(value.shape.slice(0, batchAxes)), n]);
      const residual = sub(matmul(flat, transpose(rows)), right);
      return reshape(sub(flat, matmul(residual, rows)), value.shape);
    },
    check(what, shape) {
      if (elementCount(shape) !== n) throw misfit(what, { description }, `${n} elements, the columns of A,`, shape);
    },
  });
}

function rowsOf(values: readonly number[], columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, row) => values.slice(row * columns, (row + 1) * columns));
}

interface Equality {
  readonly row: readonly number[];
  readonly right: number;
}

/**
 * What is left of a row of float32 numbers that depends on others is their rounding: less than this part of its length.
 */
const rankTolerance = 1e-6;

/**
 * The same equalities with orthonormal rows, by Gram-Schmidt in float64. Every row is cleared of the others twice,
 * after which it is orthogonal to them within rounding (Giraud et al., 2005).
 */
function orthonormalize(matrix: readonly (readonly number[])[], rights: readonly number[]): Equality[] {
  const done: Equality[] = [];
  for (const [position, given] of matrix.entries()) {
    let row = given;
    let right = rights[position] ?? 0;
    for (const other of [...done, ...done]) {
      const part = dot(row, other.row);
      row = row.map((value, column) => value - part * (other.row[column] ?? 0));
      right -= part * other.right;
    }
    const length = Math.sqrt(dot(row, row));
    if (!(length > rankTolerance * Math.sqrt(dot(given, given)))) {
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `Expected linearly independent rows for A of affine but row ${position} is a combination of those before it; ` +
          'leave out equalities that follow from others.',
      );
    }
    done.push({ row: row.map((value) => value / length), right: right / length });
  }
  return done;
}
