import { Random } from '../../data/random.js';
import { add, div, matmul, mul, type Node, reduceSum, sqrt, square } from '../../graph/index.js';
import { Tensor } from '../../tensor.js';

/** The last layer of a task. */
export interface Head {
  /** Where its weights [features, ways] and biases [ways] start. */
  initial(features: number, ways: number): HeadOf<Tensor<'float32'>>;
  /** Features [rows, features] to logits [rows, ways]. */
  logits(features: Node, head: HeadOf<Node>): Node;
}

/** By the names of variables. */
export type HeadOf<T> = Readonly<Record<'head.weight' | 'head.bias', T>>;

/** x W + b, from zeros. */
export const linearHead: Head = {
  initial: (features, ways) => ({ 'head.weight': Tensor.zeros([features, ways]), 'head.bias': Tensor.zeros([ways]) }),
  logits: (x, head) => add(matmul(x, head['head.weight']), head['head.bias']),
};

const [scale, shareOfBias, tiny] = [10, 1e-3, 1e-6];

/**
 * Ten times the cosine between the features and the weights of a class, of which the bias is one more:
 * 10 (x W + 0.001 b) / (sqrt(|x|^2 + 1e-6) sqrt(|W|^2 + b^2)), the head of Mehra and Hamm's code. Weights start at
 * normal numbers of deviation 0.01, biases at 0.001.
 */
export const cosineHead: Head = {
  initial: (features, ways) => {
    const random = Random.fromSeed(0, 'few-shot heads');
    const weights = Float32Array.from({ length: features * ways }, () => 0.01 * random.normal());
    return {
      'head.weight': Tensor.from(weights, [features, ways]),
      'head.bias': Tensor.from(new Float32Array(ways).fill(1e-3)),
    };
  },
  logits: (x, head) => {
    const { 'head.weight': weight, 'head.bias': bias } = head;
    const products = mul(scale, add(matmul(x, weight), mul(shareOfBias, bias)));
    const ofRows = sqrt(add(reduceSum(square(x), [1], { keepDims: true }), tiny));
    const ofClasses = sqrt(add(reduceSum(square(weight), [0]), square(bias)));
    return div(products, mul(ofRows, ofClasses));
  },
};
