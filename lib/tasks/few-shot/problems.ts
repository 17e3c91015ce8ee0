import {
  type AnyFeed,
  type AnyPoint,
  type BilevelProblem,
  bilevelProblem,
  feed,
  type MinimizationProblem,
  minimizationProblem,
  perTask,
} from '../../bilevel/index.js';
import { samplers } from '../../data/samplers/index.js';
import {
  accuracy,
  add,
  crossEntropy,
  matmul,
  mean,
  mul,
  type Node,
  reduceSum,
  reshape,
  square,
  sub,
} from '../../graph/index.js';
import { countFeatures, featuresOf } from '../../network/features.js';
import type { Network } from '../../onnx/index.js';
import { type Adaptation, type AdaptOptions, adapt } from '../../solvers/index.js';
import { Tensor } from '../../tensor.js';
import type { ClassImages } from './data.js';
import { type Head, type HeadOf, linearHead } from './head.js';

type Nodes = Readonly<Record<string, Node>>;
type Tensors = Readonly<Record<string, Tensor>>;
type Rows = Readonly<Record<'x' | 'y', Node>>;
type Form = Parameters<Network['apply']>[2];

/** What tasks are. */
export interface Episodes {
  /** Classes of a task. */
  readonly ways: number;
  /** Samples of each class to learn from. */
  readonly shots: number;
  /** Samples of each class to be judged by. */
  readonly queries: number;
  /** Tasks of a meta-batch. */
  readonly tasks: number;
}

/** A problem, and how well new tasks are told apart. */
export interface FewShotProblem {
  readonly problem: BilevelProblem;
  /**
   * Adapts v to new tasks; `accuracy` is the share of the queries of each that is told apart, [batches, tasks].
   * @throws as `adapt`
   */
  tryTasks(u: Tensors, adapting: Adapting): Promise<Adaptation<'accuracy'>>;
}

type Adapting = AdaptOptions<AnyPoint, Readonly<Record<string, AnyFeed>>, never>;

/** @param metric in the nodes of a point, [tasks] */
const judgedBy = <P extends AnyPoint>(problem: BilevelProblem<P>, metric: (point: P) => Node): FewShotProblem => ({
  problem,
  tryTasks: (u, adapting) => adapt(problem, u, { ...adapting, metrics: { accuracy: metric } }),
});

/** A feed of tasks. */
export const tasksOf = ({ x, y }: ClassImages, { ways, shots, queries, tasks }: Episodes, seed: number) =>
  feed({ x, y }, { sampler: samplers.episodes({ ways, shots, queries, tasks }), seed });

/** Those of the samples of all tasks, as one batch: [tasks, rows, features]. */
function featuresOfTasks(network: Network, { x }: Rows, parameters: Nodes, form: Form): Node {
  const [tasks = 1, rows = 1, ...sizes] = x.shape;
  const features = featuresOf(network, reshape(x, [tasks * rows, ...sizes]), parameters, form);
  return reshape(features, [tasks, rows, features.shape[1] ?? 1]);
}

const stacked = (tensors: Tensors, tasks: number): Record<string, Tensor<'float32'>> =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) => {
      const all = Tensor.zeros([tasks, ...shape]);
      for (let task = 0; task < tasks; task++) all.data.set(data as Float32Array, task * data.length);
      return [name, all];
    }),
  );

const headOf = (values: Nodes): HeadOf<Node> => values as HeadOf<Node>;

interface Statement {
  readonly network: Network;
  readonly data: ClassImages;
  readonly episodes: Episodes;
  readonly seed: number;
}

/**
 * Features that all tasks share, u, and a last layer of each task, v (Mehra and Hamm 2021, section 3.3; Sow, Ji and
 * Liang 2022):
 *
 *     min over u  mean_i CE(query_i; u, v*_i)     v*_i = argmin over v_i  CE(support_i; u, v_i) + decay / 2 |v_i|^2
 *
 * @param learnsStart whether u holds a start of the last layers, too, as for ANIL
 * @param statistics running statistics of the network, which then works in inference form; in training form without
 * @param byPrototypes whether tasks are tried by the means of their classes in place of last layers
 */
export function headProblem(
  { network, data, episodes, seed }: Statement,
  {
    head,
    decay = 0,
    learnsStart = false,
    statistics,
    byPrototypes = false,
  }: {
    readonly head: Head;
    readonly decay?: number;
    readonly learnsStart?: boolean;
    readonly statistics?: Tensors;
    readonly byPrototypes?: boolean;
  },
): FewShotProblem {
  const { ways, tasks } = episodes;
  const first = head.initial(countFeatures(network, data.x.shape.slice(1)), ways);
  const names = [...Object.keys(network.initialParameters()), ...Object.keys(statistics ?? {})];
  const parametersOf = (u: Nodes): Nodes => Object.fromEntries(names.map((name) => [name, u[name] as Node]));
  const form = (key: Node): Form => (statistics === undefined ? { key } : { training: false });
  const features = (rows: Rows, u: Nodes, key: Node): Node =>
    featuresOfTasks(network, rows, parametersOf(u), form(key));
  const losses = (rows: Rows, u: Nodes, v: Nodes, key: Node): Node =>
    perTask({ x: features(rows, u, key), y: rows.y, v }, ({ x, y, v }) =>
      mean(crossEntropy(head.logits(x, headOf(v)), y)),
    );
  const penalty = (v: Nodes): Node =>
    mul(
      decay / 2,
      Object.values(v)
        .map((each) => reduceSum(square(each)))
        .reduce(add),
    );
  const problem = bilevelProblem({
    upper: { ...network.initialParameters(), ...statistics, ...(learnsStart ? first : {}) } as Tensors,
    lower: stacked(first, tasks),
    feeds: { tasks: tasksOf(data, episodes, seed) },
    seed,
    f: ({ u, v, tasks: { query }, key }) => mean(losses(query, u, v, key)),
    g: ({ u, v, tasks: { support }, key }) => {
      const cost = reduceSum(losses(support, u, v, key));
      return decay === 0 ? cost : add(cost, penalty(v));
    },
  });
  return judgedBy(problem, ({ u, v, tasks: { support, query }, key }) => {
    const x = features(query, u, key);
    if (byPrototypes) {
      return perTask({ of: features(support, u, key), by: x, y: query.y }, ({ of, by, y }) =>
        accuracy(prototypeLogits(of, by, episodes), y),
      );
    }
    return perTask({ x, y: query.y, v }, ({ x, y, v }) => accuracy(head.logits(x, headOf(v)), y));
  });
}

/**
 * All parameters of a task are its own, v, and start at those of u (MAML): min over u mean_i CE(query_i; v_i(u)). Batch
 * normalization takes the statistics of a task's samples, those it learns from or those it is judged by.
 */
export function wholeProblem({ network, data, episodes, seed }: Statement): FewShotProblem {
  const { ways, tasks } = episodes;
  const first = linearHead.initial(countFeatures(network, data.x.shape.slice(1)), ways);
  const start = { ...network.initialParameters(), ...first };
  const names = Object.keys(network.initialParameters());
  const logits = (x: Node, v: Nodes, key: Node): Node => {
    const parameters = Object.fromEntries(names.map((name) => [name, v[name] as Node]));
    return linearHead.logits(featuresOf(network, x, parameters, { key }), headOf(v));
  };
  const losses = (rows: Rows, v: Nodes, key: Node): Node =>
    perTask({ rows, v }, ({ rows: { x, y }, v }) => mean(crossEntropy(logits(x, v, key), y)));
  const problem = bilevelProblem({
    upper: start,
    lower: stacked(start, tasks),
    feeds: { tasks: tasksOf(data, episodes, seed) },
    seed,
    f: ({ v, tasks: { query }, key }) => mean(losses(query, v, key)),
    g: ({ v, tasks: { support }, key }) => reduceSum(losses(support, v, key)),
  });
  return judgedBy(problem, ({ v, tasks: { query }, key }) =>
    perTask({ query, v }, ({ query: { x, y }, v }) => accuracy(logits(x, v, key), y)),
  );
}

/** Logits of samples: minus the squared distances from the means of the classes, whose samples follow each other. */
function prototypeLogits(support: Node, query: Node, { ways, shots }: Episodes): Node {
  const centres = mean(reshape(support, [ways, shots, support.shape[1] ?? 1]), [1]);
  const products = matmul(query, centres, { transposeB: true });
  return sub(mul(2, products), reduceSum(square(centres), [1]));
}

/** Prototypical networks (Snell, Swersky and Zemel 2017): no level below, tasks learn nothing but means. */
export function prototypeProblem({ network, data, episodes, seed }: Statement): MinimizationProblem {
  return minimizationProblem({
    lower: network.initialParameters(),
    feeds: { tasks: tasksOf(data, episodes, seed) },
    seed,
    g: ({ v, tasks: { support, query }, key }) => {
      const [of, by] = [support, query].map((rows) => featuresOfTasks(network, rows, v, { key })) as [Node, Node];
      const losses = perTask({ of, by, y: query.y }, (task) =>
        mean(crossEntropy(prototypeLogits(task.of, task.by, episodes), task.y)),
      );
      return mean(losses);
    },
  });
}

/** Plain training: the network and one last layer tell all classes apart, by mini-batches. */
export function classifierProblem(
  { network, data, seed }: Omit<Statement, 'episodes'>,
  batch: number,
): MinimizationProblem {
  const { x, y, classes } = data;
  const names = Object.keys(network.initialParameters());
  return minimizationProblem({
    lower: {
      ...network.initialParameters(),
      ...linearHead.initial(countFeatures(network, x.shape.slice(1)), classes.length),
    },
    feeds: { train: feed({ x, y }, { batch: Math.min(batch, y.size), seed }) },
    seed,
    g: ({ v, train: { x, y }, key }) => {
      const parameters = Object.fromEntries(names.map((name) => [name, (v as Nodes)[name] as Node]));
      return mean(crossEntropy(linearHead.logits(featuresOf(network, x, parameters, { key }), headOf(v)), y));
    },
  });
}
