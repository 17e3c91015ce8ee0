import {
  type BilevelProblem,
  bilevelProblem,
  feed,
  type MinimizationProblem,
  minimizationProblem,
} from '../../../bilevel/index.js';
import { Random } from '../../../data/random.js';
import { accuracy, add, crossEntropy, matmul, mean, mul, type Node, reduceSum, square } from '../../../graph/index.js';
import type { Samples } from '../../../network/classifier.js';
import { countFeatures, featuresOf } from '../../../network/features.js';
import type { Network } from '../../../onnx/index.js';
import { type Adaptation, adapt } from '../../../solvers/index.js';
import type { Resources } from '../../../study/index.js';
import { Tensor } from '../../../tensor.js';
import type { DeepInputs } from './data.js';
import type { DeepSettings } from './settings.js';

type Nodes = Readonly<Record<string, Node>>;
type Tensors = Readonly<Record<string, Tensor>>;
type Rows = Readonly<Record<'x' | 'y', Node>>;

/** Features of samples times the last layer: [rows, classes]. */
function logits(network: Network, { x }: Pick<Rows, 'x'>, u: Nodes, v: Nodes, key: Node): Node {
  const names = Object.keys(network.initialParameters());
  const parameters = Object.fromEntries(names.map((name) => [name, u[name] as Node]));
  const features = featuresOf(network, x, parameters, { key });
  return add(matmul(features, v['head.weight'] as Node), v['head.bias'] as Node);
}

/** The last layer starts at 0. */
function firstHead({ network, classes, lower }: DeepInputs): Tensors {
  const features = countFeatures(network, lower.inputs.shape.slice(1));
  return {
    'head.weight': Tensor.zeros([features, classes.length]),
    'head.bias': Tensor.zeros([classes.length]),
  };
}

const part = ({ inputs, labels }: Samples, batch: number, seed: number) =>
  feed({ x: inputs, y: labels }, { batch: Math.min(batch, labels.size), seed });

const decayOf = (v: Nodes, decay: number): Node =>
  mul(
    decay / 2,
    Object.values(v)
      .map((each) => reduceSum(square(each)))
      .reduce(add),
  );

/**
 * Features u of images, on which a last layer v that is trained on some samples does well on others (Sow, Ji and Liang
 * 2022, section 6.2):
 *
 *     min over u  mean CE(upper samples; u, v*)    v* = argmin over v  mean CE(lower samples; u, v) + decay / 2 |v|^2
 */
export function deepProblem(inputs: DeepInputs, { batch, decay, seed }: DeepSettings): BilevelProblem {
  return deepStatement(inputs, batch, decay, seed);
}

function deepStatement(inputs: DeepInputs, batch: number, decay: number, seed: number) {
  const { network, lower, upper } = inputs;
  const loss = (rows: Rows, u: Nodes, v: Nodes, key: Node): Node =>
    mean(crossEntropy(logits(network, rows, u, v, key), rows.y));
  return bilevelProblem({
    upper: network.initialParameters(),
    lower: firstHead(inputs),
    feeds: { lower: part(lower, batch, seed), upper: part(upper, batch, seed) },
    f: ({ u, v, upper, key }) => loss(upper, u, v, key),
    g: ({ u, v, lower, key }) => add(loss(lower, u, v, key), decayOf(v, decay)),
    seed,
  });
}

/** One cost for features and last layer, on mini-batches of both parts. */
export function jointProblem(inputs: DeepInputs, { batch, decay, seed }: DeepSettings): MinimizationProblem {
  const { network, lower, upper } = inputs;
  const head = firstHead(inputs);
  const isHead = (name: string): boolean => Object.hasOwn(head, name);
  return minimizationProblem({
    lower: { ...network.initialParameters(), ...head },
    feeds: { lower: part(lower, batch, seed), upper: part(upper, batch, seed) },
    seed,
    g: ({ v, lower, upper, key }) => {
      const all = v as Nodes;
      const own = Object.fromEntries(Object.entries(all).filter(([name]) => isHead(name)));
      const losses = [lower, upper].map((rows) => mean(crossEntropy(logits(network, rows, all, own, key), rows.y)));
      return add(mul(0.5, losses.reduce(add)), decayOf(own, decay));
    },
  });
}

/** Steps of Adam with which a last layer is trained where features are judged, and their rate. */
const judging = { steps: 200, optimizer: 'adam', learningRate: 0.01 } as const;

/**
 * A last layer that is trained anew on features, on some samples of the lower level; f and accuracy are of others.
 */
export async function judgeFeatures(
  inputs: DeepInputs,
  u: Tensors,
  { decay, seed, judged }: DeepSettings,
  { device, signal }: Pick<Resources, 'device' | 'signal'>,
): Promise<{ readonly f: number; readonly accuracy: number }> {
  const { network, lower, upper, test } = inputs;
  const some = (samples: Samples, of: string): Samples => drawn(samples, judged, seed, of);
  const own = { ...inputs, lower: some(lower, 'lower'), upper: some(upper, 'upper') };
  const problem = deepStatement(own, Number.POSITIVE_INFINITY, decay, seed);
  const { f, metrics }: Adaptation<'accuracy'> = await adapt(problem, u, {
    ...judging,
    feeds: { test: part(some(test, 'test'), Number.POSITIVE_INFINITY, seed) },
    metrics: { accuracy: ({ u, v, test, key }) => accuracy(logits(network, test, u, v, key), test.y) },
    device,
    signal,
  });
  return { f: f[0] ?? Number.NaN, accuracy: metrics.accuracy.data[0] ?? Number.NaN };
}

/** So many of the samples, at random. */
function drawn({ inputs, labels }: Samples, most: number, seed: number, of: string): Samples {
  const count = Math.min(most, labels.size);
  const rows = Random.fromSeed(seed, `judged ${of}`).subset(labels.size, count);
  const size = inputs.size / labels.size;
  const x = Tensor.zeros([count, ...inputs.shape.slice(1)]);
  const y = Tensor.zeros([count], 'int64');
  for (const [at, row] of rows.entries()) {
    x.data.set(inputs.data.subarray(row * size, (row + 1) * size) as Float32Array, at * size);
    y.data[at] = labels.data[row] ?? 0n;
  }
  return { inputs: x, labels: y };
}
