import { type BilevelProblem, bilevelProblem } from '../../../bilevel/index.js';
import { add, constant, crossEntropy, matmul, mean, mul, type Node, reduceSum, square } from '../../../graph/index.js';
import { Tensor } from '../../../tensor.js';

/** A last layer for two classes, whose labels are 0 and 1. */
export interface HeadOf<T> {
  /** [features, 2]. */
  readonly weight: T;
  /** [2]. */
  readonly bias: T;
}

export type Head = HeadOf<Tensor<'float32'>>;

/** Logits of features [n, features], [n, 2]. */
export function logitsOf(features: Node, { weight, bias }: HeadOf<Node>): Node {
  return add(matmul(features, weight), bias);
}

/** l2 / 2 |head|^2, without which v* would not be unique. */
export function decayOf({ weight, bias }: HeadOf<Node>, l2: number): Node {
  return mul(l2 / 2, add(reduceSum(square(weight)), reduceSum(square(bias))));
}

/** The training of a last layer on clean points alone: the lower level of a problem without an upper one. */
export function cleanProblem(
  { features, labels }: { readonly features: Tensor<'float32'>; readonly labels: Tensor<'int64'> },
  l2: number,
): BilevelProblem {
  const [, width = 0] = features.shape;
  const cost = (v: HeadOf<Node>): Node =>
    add(mean(crossEntropy(logitsOf(constant(features), v), constant(labels))), decayOf(v, l2));
  return bilevelProblem({
    upper: { nothing: Tensor.zeros([]) },
    lower: { weight: Tensor.zeros([width, 2]), bias: Tensor.zeros([2]) },
    f: ({ u }) => u.nothing,
    g: ({ v }) => cost(v),
  });
}

/**
 * How much more a head speaks for class 1 than for class 0.
 * @param head of one sample, or of several with their heads one after the other
 * @param at number of the head
 */
export function marginOf({ weight, bias }: Head, features: Tensor<'float32'>, row: number, at = 0): number {
  const [, width = 0] = features.shape;
  let margin = (bias.data[2 * at + 1] ?? 0) - (bias.data[2 * at] ?? 0);
  for (let feature = 0; feature < width; feature++) {
    const first = 2 * (at * width + feature);
    const difference = (weight.data[first + 1] ?? 0) - (weight.data[first] ?? 0);
    margin += difference * (features.data[row * width + feature] ?? 0);
  }
  return margin;
}
