import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import { broadcastShapes } from '../../graph/ops/infer.js';
import { elementCount } from '../../tensor.js';
import type { Operation, OperatorImporter } from '../operation.js';

/** Y = alpha op(A) op(B) + beta C. */
function gemm(op: Operation): Node {
  const { attributes } = op;
  const transposed = { transposeA: attributes.flag('transA'), transposeB: attributes.flag('transB') };
  const product = scale(g.matmul(op.input(0), op.input(1), transposed), attributes.float('alpha', 1));
  const beta = attributes.float('beta', 1);
  const c = op.optionalInput(2);
  return c === undefined || beta === 0 ? product : g.add(product, scale(c, beta));
}

function scale(x: Node, factor: number): Node {
  return factor === 1 ? x : g.mul(x, factor);
}

/** NumPy's matmul: vectors count as one row or one column, and leading axes broadcast. */
function matmul(op: Operation): Node {
  const [a, b] = [op.input(0), op.input(1)];
  if (a.shape.length === 0 || b.shape.length === 0) throw op.invalid('multiplies a scalar');
  const left = a.shape.length === 1 ? g.expandDims(a, [0]) : a;
  const right = b.shape.length === 1 ? g.expandDims(b, [1]) : b;
  const product = multiply(left, right);
  const shape = product.shape.slice(0, -2);
  if (a.shape.length > 1) shape.push(...product.shape.slice(-2, -1));
  if (b.shape.length > 1) shape.push(...product.shape.slice(-1));
  return g.reshape(product, shape);
}

/** Matrices of rank 2 or more. A single right-hand matrix meets all left-hand rows at once, as one product. */
function multiply(a: Node, b: Node): Node {
  const [rows, columns] = [a.shape.at(-2) ?? 1, b.shape.at(-1) ?? 1];
  if (b.shape.length === 2 && a.shape.length > 2) {
    const leading = a.shape.slice(0, -1);
    const flat = g.reshape(a, [elementCount(leading), a.shape.at(-1) ?? 1]);
    return g.reshape(g.matmul(flat, b), [...leading, columns]);
  }
  const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
  const stretch = (x: Node): Node => g.broadcastTo(x, [...batch, ...x.shape.slice(-2)]);
  return g.reshape(g.matmul(stretch(a), stretch(b)), [...batch, rows, columns]);
}

export const matmulOperators: Record<string, OperatorImporter> = {
  Gemm: { build: gemm },
  MatMul: { build: matmul },
};
