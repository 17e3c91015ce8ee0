import { checkKeys } from '../../errors.js';
import { createNode, type Node } from '../node.js';

/** Options of {@link matmul}. */
export interface MatmulOptions {
  /** Whether a is given as [...batch, k, m]; false by default. */
  readonly transposeA?: boolean;
  /** Whether b is given as [...batch, n, k]; false by default. */
  readonly transposeB?: boolean;
}

/** Matrix products [...batch, m, k] x [...batch, k, n] -> [...batch, m, n], with equal batch dimensions. float32. */
export function matmul(a: Node, b: Node, options: MatmulOptions = {}): Node {
  checkKeys(options, ['transposeA', 'transposeB'], 'matmul');
  const { transposeA = false, transposeB = false } = options;
  return createNode('matmul', [a, b], { transposeA, transposeB });
}
