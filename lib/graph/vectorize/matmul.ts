import * as f from '../functions/matmul.js';
import { reshape } from '../functions/shape.js';
import type { Node } from '../node.js';
import { two } from '../ops/infer.js';
import { type MatmulAttributes, matmulSizes } from '../ops/matmul.js';
import { moveAxes, type Rule, stack } from './rule.js';

function swapMatrixAxes(x: Node): Node {
  return moveAxes(x, x.shape.length - 1, x.shape.length - 2);
}

/**
 * op(a[i]) op(b) of a stacked [count, ...batch, m, k] and b [...batch, k, n]: the rows of all points form one matrix.
 */
function mergeRows(a: Node, b: Node, { transposeA, transposeB }: MatmulAttributes): Node {
  const batchRank = b.shape.length - 2;
  const rows = moveAxes(transposeA ? swapMatrixAxes(a) : a, 0, batchRank);
  const [batch, points] = [rows.shape.slice(0, batchRank), rows.shape.slice(batchRank, -1)];
  const [count = 0, m = 0] = points;
  const product = f.matmul(reshape(rows, [...batch, count * m, ...rows.shape.slice(-1)]), b, { transposeB });
  return moveAxes(reshape(product, [...batch, count, m, ...product.shape.slice(-1)]), batchRank, 0);
}

/**
 * With one operand stacked, either its rows or columns of all points go through one product, or the other operand is
 * repeated for every point: whichever copies fewer elements. Untransposed rows are merged without any copy.
 */
export const matmul: Rule<MatmulAttributes> = (node, operands, count) => {
  const [a, b] = two(operands);
  const { transposeA, transposeB } = node.attributes;
  if (a.stacked !== b.stacked) {
    const { m, n, k } = matmulSizes(...two(node.inputs), node.attributes);
    const batched = node.shape.length > 2;
    if (a.stacked) {
      const copied = (batched || transposeA ? m * k : 0) + (batched ? m * n : 0);
      if (copied <= k * n) return mergeRows(a.node, b.node, node.attributes);
    } else {
      // AB = (B'A')', and the rows of B' are the columns of B.
      const copied = (batched || !transposeB ? k * n : 0) + m * n;
      const flags = { transposeA: !transposeB, transposeB: !transposeA };
      if (copied <= m * k) return swapMatrixAxes(mergeRows(b.node, a.node, flags));
    }
  }
  return f.matmul(stack(a, count), stack(b, count), node.attributes);
};
