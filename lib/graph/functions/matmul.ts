import { createNode, type Node } from '../node.js';

export interface MatmulOptions {
  /** Whether a is given as [...batch, k, m]; false by default. */
  readonly transposeA?: boolean;
  /** Whether b is given as [...batch, n, k]; false by default. */
  readonly transposeB?: boolean;
}

/** Matrix products [...batch, m, k] x [...batch, k, n] -> [...batch, m, n], with equal batch dimensions. float32. */
export function matmul(a: Node, b: Node, { transposeA = false, transposeB = false }: MatmulOptions = {}): Node {
  return createNode('matmul', [a, b], { transposeA, transposeB });
}
