import { matmul as product } from '../functions/matmul.js';
import { two } from '../ops/infer.js';
import type { MatmulAttributes } from '../ops/matmul.js';
import type { Rule } from './rule.js';

/**
 * With C = op(A) op(B): d op(A) = dC op(B)', d op(B) = op(A)' dC; a transposed operand takes the transposed product.
 */
export const matmul: Rule<MatmulAttributes> = ({ inputs, attributes: { transposeA, transposeB } }, dy, wanted) => {
  const [a, b] = two(inputs);
  const gradientA = () =>
    transposeA
      ? product(b, dy, { transposeA: transposeB, transposeB: true })
      : product(dy, b, { transposeB: !transposeB });
  const gradientB = () =>
    transposeB
      ? product(dy, a, { transposeA: true, transposeB: transposeA })
      : product(a, dy, { transposeA: !transposeA });
  return [wanted[0] ? gradientA() : undefined, wanted[1] ? gradientB() : undefined];
};
