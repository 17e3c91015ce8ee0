import { type BilevelProblem, bilevelProblem, feed } from '../../bilevel/index.js';
import { add, mean, mul, type Node, reduceSum, square, sub } from '../../graph/index.js';
import type { Instance } from './instance.js';
import { type Model, predict } from './model.js';

/** |prediction - y|^2 / (2 n) */
const halfMeanSquare = (prediction: Node, y: Node): Node => mul(0.5, mean(square(sub(prediction, y))));

/** f at an embedding and a head, on rows x with targets y. */
export function upperCost(
  model: Model,
  u: Readonly<Record<string, Node>>,
  head: Node,
  { x, y }: { readonly x: Node; readonly y: Node },
): Node {
  return halfMeanSquare(predict(model, x, Object.values(u), head), y);
}

/**
 * Learning an embedding H and on it the regression w (Sow, Ji and Liang 2022, their notebooks):
 *
 *     min over H  |Z_f w* - y_f|^2 / (2 n)    w* = argmin over w  |Z_g w - y_g|^2 / (2 n) + reg / 2 |w|^2
 *
 * with Z = X H, or the sigmoid network sigmoid(sigmoid(X H1) H2); all rows are seen in every step.
 */
export function representationProblem({ model, start, lower, upper, regularizer, seed }: Instance): BilevelProblem {
  return bilevelProblem({
    upper: start.matrices,
    lower: { head: start.head },
    feeds: { lower: feed(lower), upper: feed(upper) },
    f: ({ u, v, upper: rows }) => upperCost(model, u, v.head, rows),
    g: ({ u, v, lower: { x, y } }) =>
      add(
        halfMeanSquare(predict(model, x, Object.values(u), v.head), y),
        mul(regularizer / 2, reduceSum(square(v.head))),
      ),
    seed,
  });
}
