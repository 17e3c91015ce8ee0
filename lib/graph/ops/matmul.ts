import { elementCount, type TensorType } from '../../tensor.js';
import type { Op } from '../op.js';
import { mismatch, requireDType, requireShape, sizeAt, two } from './infer.js';
import { at } from './offsets.js';

export interface MatmulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/** batch, m, n, k of op(A) op(B) with op(A) of m x k and op(B) of k x n. */
export interface MatmulSizes {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export function matmulSizes(a: TensorType, b: TensorType, { transposeA, transposeB }: MatmulAttributes): MatmulSizes {
  const rank = a.shape.length;
  if (rank < 2 || b.shape.length !== rank) throw mismatch('Expected two operands of one rank of at least 2.');
  const batch = a.shape.slice(0, -2);
  requireShape(b.shape.slice(0, -2), batch, 'the batch dimensions of the second operand');
  const [m, k] = transposeA ? [rank - 1, rank - 2] : [rank - 2, rank - 1];
  const [kB, n] = transposeB ? [rank - 1, rank - 2] : [rank - 2, rank - 1];
  if (a.shape[k] !== b.shape[kB]) {
    throw mismatch(`The inner dimensions ${sizeAt(a.shape, k)} and ${sizeAt(b.shape, kB)} differ.`);
  }
  return { batch: elementCount(batch), m: sizeAt(a.shape, m), n: sizeAt(b.shape, n), k: sizeAt(a.shape, k) };
}

/** C[i] = op(A[i]) op(B[i]) for every batch index i. */
export const matmul: Op<MatmulAttributes> = {
  infer(inputs, attributes) {
    const [a, b] = two(inputs);
    requireDType(a, ['float32'], 'the first operand');
    requireDType(b, ['float32'], 'the second operand');
    const { m, n } = matmulSizes(a, b, attributes);
    return { dtype: 'float32', shape: [...a.shape.slice(0, -2), m, n] };
  },
  evaluate(inputs, attributes) {
    const [a, b] = two(inputs);
    const { batch, m, n, k } = matmulSizes(a, b, attributes);
    const [rowA, columnA] = attributes.transposeA ? [1, m] : [k, 1];
    const [rowB, columnB] = attributes.transposeB ? [1, k] : [n, 1];
    const result = new Float64Array(batch * m * n);
    for (let i = 0; i < batch * m; i++) {
      const index = Math.floor(i / m);
      const startA = index * m * k + (i % m) * rowA;
      for (let inner = 0; inner < k; inner++) {
        const factor = at(a.data, startA + inner * columnA);
        const startB = index * k * n + inner * rowB;
        for (let j = 0; j < n; j++)
          result[i * n + j] = at(result, i * n + j) + factor * at(b.data, startB + j * columnB);
      }
    }
    return result;
  },
};
