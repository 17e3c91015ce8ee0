// What the costs of the problems are written with.
import * as graph from '../../../dist/lib/graph/index.js';

const { add, crossEntropy, exp, expandDims, matmul, mean, mul, neg, reduceSum, reshape, softplus, square, sub, tanh } =
  graph;

/** x v for a vector v. */
export const column = (x, v) => reshape(matmul(x, expandDims(v, [1])), [x.shape[0]]);
/** Units of the hidden layer of a perceptron. */
export const hidden = 24;
export const perceptron = (v, x) => matmul(tanh(matmul(x, v.first)), v.second);
/** Mean of log(1 + exp(-y z)) for y = 1 or -1. */
export const logLoss = (z, y) => mean(softplus(neg(mul(y, z))));
export const squaredLoss = (z, y) => mul(0.5, mean(square(sub(z, y))));
export const classLoss = (logits, y) => mean(crossEntropy(logits, y));
/** Half the sum of exp(u) v^2. */
export const ridgeTerm = (u, v) => mul(0.5, reduceSum(mul(exp(u), square(v))));
/** weight / 2 |v|^2 over all variables. */
export const decay = (weight, v) =>
  mul(
    weight / 2,
    Object.values(v)
      .map((each) => reduceSum(square(each)))
      .reduce(add),
  );
