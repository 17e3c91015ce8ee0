import { matmul, type Node, sigmoid } from '../../graph/index.js';

/** How an embedding is made of its matrices: their product, or a sigmoid after each. */
export const models = ['linear', 'sigmoid'] as const;
export type Model = (typeof models)[number];

/** Rows x [n, features] under the embedding, times the head [embedding, 1]: predictions [n, 1]. */
export function predict(model: Model, x: Node, matrices: readonly Node[], head: Node): Node {
  const layer = (rows: Node, matrix: Node): Node => {
    const product = matmul(rows, matrix);
    return model === 'sigmoid' ? sigmoid(product) : product;
  };
  return matmul(matrices.reduce(layer, x), head);
}
