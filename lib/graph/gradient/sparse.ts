import { sparseMatmul as product, sampledMatmul as sampled } from '../functions/sparse.js';
import { four, sizeAt } from '../ops/infer.js';
import type { SparseMatmulAttributes } from '../ops/sparse.js';
import type { Rule } from './rule.js';

/** Both are linear in each of their real operands, and the transpose of one in one of them is the other, or itself. */
export const sparseMatmul: Rule<SparseMatmulAttributes> = (node, dy, wanted) => {
  const [values, indices, extents, x] = four(node.inputs);
  const { transpose, size } = node.attributes;
  const rows = { values, indices, extents };
  return [
    wanted[0] ? (transpose ? sampled(rows, x, dy) : sampled(rows, dy, x)) : undefined,
    undefined,
    undefined,
    wanted[3] ? product(rows, dy, { transpose: !transpose, size }) : undefined,
  ];
};

export const sampledMatmul: Rule<unknown> = ({ inputs }, values, wanted) => {
  const [indices, extents, a, b] = four(inputs);
  const rows = { values, indices, extents };
  const size = sizeAt(b.shape, b.shape.length - 2);
  return [
    undefined,
    undefined,
    wanted[2] ? product(rows, b) : undefined,
    wanted[3] ? product(rows, a, { transpose: true, size }) : undefined,
  ];
};
