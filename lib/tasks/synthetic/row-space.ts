import { dot } from '../../numbers.js';
/** What a matrix with independent rows says of its row space. */
export interface RowSpace {
  /** Orthonormal rows that span the rows of the matrix. */
  readonly basis: readonly (readonly number[])[];
  /** Smallest eigenvalue of A A', which is the smallest that is not 0 of A' A. */
  readonly smallestEigenvalue: number;
}

/** By the eigenvectors of A A', in float64. @param rows those of A */
export function rowSpaceOf(rows: readonly (readonly number[])[]): RowSpace {
  const { values, vectors } = eigenvectorsOf(rows.map((row) => rows.map((other) => dot(row, other))));
  const basis = vectors.map((vector, index) => {
    const combined = (rows[0] ?? []).map((_, column) =>
      vector.reduce((sum, weight, row) => sum + weight * (rows[row]?.[column] ?? 0), 0),
    );
    return combined.map((value) => value / Math.sqrt(values[index] ?? Number.NaN));
  });
  return { basis, smallestEigenvalue: Math.min(...values) };
}

/** |P x|^2 with the projector P to the space that orthonormal rows span. */
export function projectedNorm2(basis: RowSpace['basis'], x: readonly number[]): number {
  return basis.reduce((sum, row) => sum + dot(row, x) ** 2, 0);
}

/**
 * Eigenvalues and orthonormal eigenvectors, one a row, of a symmetric matrix by Jacobi's cyclic rotations (Golub and
 * Van Loan, Matrix Computations, section 8.5), which stop when nothing is left beside the diagonal.
 */
function eigenvectorsOf(symmetric: readonly (readonly number[])[]): { values: number[]; vectors: number[][] } {
  const size = symmetric.length;
  // The rows of both are rotated alike: what starts as the unit matrix becomes the eigenvectors.
  const matrix = symmetric.map((row) => [...row]);
  const vectors = symmetric.map((_, row) => Array.from({ length: size }, (_, column) => (row === column ? 1 : 0)));
  const at = (row: number, column: number): number => matrix[row]?.[column] ?? 0;
  for (let sweep = 0; sweep < 50; sweep++) {
    let rotated = false;
    for (let p = 0; p < size; p++) {
      for (let q = p + 1; q < size; q++) {
        const off = at(p, q);
        if (Math.abs(off) <= Number.EPSILON * Math.sqrt(Math.abs(at(p, p) * at(q, q)))) continue;
        rotated = true;
        const ratio = (at(q, q) - at(p, p)) / (2 * off);
        const tangent = (ratio < 0 ? -1 : 1) / (Math.abs(ratio) + Math.hypot(1, ratio));
        const cosine = 1 / Math.hypot(1, tangent);
        const sine = tangent * cosine;
        rotateRows(matrix, p, q, cosine, sine);
        for (const row of matrix) rotateEntries(row, p, q, cosine, sine);
        rotateRows(vectors, p, q, cosine, sine);
      }
    }
    if (!rotated) break;
  }
  return { values: matrix.map((_, index) => at(index, index)), vectors };
}

function rotateRows(matrix: number[][], p: number, q: number, cosine: number, sine: number): void {
  const [first = [], second = []] = [matrix[p], matrix[q]];
  matrix[p] = first.map((value, column) => cosine * value - sine * (second[column] ?? 0));
  matrix[q] = second.map((value, column) => sine * (first[column] ?? 0) + cosine * value);
}

function rotateEntries(row: number[], p: number, q: number, cosine: number, sine: number): void {
  const [first = 0, second = 0] = [row[p], row[q]];
  row[p] = cosine * first - sine * second;
  row[q] = sine * first + cosine * second;
}
