import * as g from '../../../lib/graph/index.js';
import type { Shape } from '../../../lib/tensor.js';
import { cases, type OpCase, real } from './op-case.js';

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

export const products: readonly OpCase[] = transposes.flatMap(([transposeA, transposeB]) => {
  const a = (batch: Shape, m: number, k: number) => real([...batch, ...(transposeA ? [k, m] : [m, k])]);
  const b = (batch: Shape, k: number, n: number) => real([...batch, ...(transposeB ? [n, k] : [k, n])]);
  const flags = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
  return cases('matmul', (x, y) => g.matmul(x, y, { transposeA, transposeB }), [
    [`${flags} plain`, [a([], 3, 4), b([], 4, 5)]],
    [`${flags} batched`, [a([2, 3], 4, 2), b([2, 3], 2, 3)]],
    [`${flags} batched rows by matrices`, [a([2], 1, 4), b([2], 4, 5)]],
    [`${flags} batched matrices by columns`, [a([3], 5, 4), b([3], 4, 1)]],
    [`${flags} ones`, [a([], 1, 1), b([], 1, 1)]],
    [`${flags} row by column`, [a([], 1, 7), b([], 7, 1)]],
    [`${flags} outer`, [a([], 6, 1), b([], 1, 3)]],
    [`${flags} no inner`, [a([], 3, 0), b([], 0, 2)]],
    [`${flags} no rows`, [a([], 0, 3), b([], 3, 2)]],
    [`${flags} no batch`, [a([0], 2, 3), b([0], 3, 2)]],
  ]);
});
