import { type BilevelProblem, bilevelProblem, feed, perSample, perTask } from '../../lib/bilevel/index.js';
import { Random } from '../../lib/data/random.js';
import * as g from '../../lib/graph/index.js';
import { elementCount, type Shape, Tensor } from '../../lib/tensor.js';

const random = Random.fromSeed(3, 'ranks');
const normal = (shape: Shape, scale = 1): Tensor =>
  Tensor.from(
    Float32Array.from({ length: elementCount(shape) }, () => scale * random.normal()),
    shape,
  );
const labels = (count: number, shape: Shape = [count]): Tensor =>
  Tensor.from(
    Int32Array.from({ length: count }, () => random.integer(3)),
    shape,
  );

type Parameters = Readonly<Record<'filters' | 'scale' | 'shift' | 'weight', g.Node>>;

function network({ filters, scale, shift, weight }: Parameters, x: g.Node): g.Node {
  const { output } = g.batchNormTrain(g.conv(x, filters), scale, shift);
  return g.matmul(g.reshape(g.relu(output), [x.shape[0] as number, 32]), weight);
}

/** Importances of samples for a network with batch normalization; batches that neither 2 nor 3 ranks share evenly. */
function cleaning(): BilevelProblem {
  return bilevelProblem({
    upper: { importance: perSample(normal([24], 0.1), 'train') },
    lower: {
      filters: normal([2, 1, 3, 3], 0.4),
      scale: Tensor.from([1, 1]),
      shift: Tensor.zeros([2]),
      weight: normal([32, 3], 0.2),
    },
    feeds: {
      train: feed({ x: normal([24, 1, 6, 6]), y: labels(24) }, { batch: 11, seed: 1 }),
      clean: feed({ x: normal([13, 1, 6, 6]), y: labels(13) }),
    },
    f: ({ v, clean: { x, y } }) => g.mean(g.crossEntropy(network(v, x), y)),
    g: ({ u, v, train: { x, y } }) =>
      g.add(
        g.mean(g.mul(g.sigmoid(u.importance), g.crossEntropy(network(v, x), y))),
        g.mul(0.01, g.reduceSum(g.square(v.weight))),
      ),
  });
}

const rows = (count: number) => ({ x: normal([count, 4]), y: normal([count, 1]) });
const loss = (v: g.Node, x: g.Node, y: g.Node): g.Node => g.mean(g.square(g.sub(g.matmul(x, v), y)));

/** A regression's starting point, for methods that learn it. */
function start(): BilevelProblem {
  return bilevelProblem({
    upper: { weight: normal([4, 1], 0.1) },
    lower: { weight: normal([4, 1], 0.1) },
    feeds: { train: feed(rows(20), { batch: 10, seed: 2 }), clean: feed(rows(15), { batch: 5, seed: 2 }) },
    f: ({ v, clean: { x, y } }) => loss(v.weight, x, y),
    g: ({ v, train: { x, y } }) => loss(v.weight, x, y),
  });
}

/** Penalties of features for a regression. */
function regression(): BilevelProblem {
  return bilevelProblem({
    upper: { penalty: normal([4, 1], 0.1) },
    lower: { weight: normal([4, 1], 0.1) },
    feeds: { train: feed(rows(20), { batch: 10, seed: 2 }), clean: feed(rows(15), { batch: 5, seed: 2 }) },
    f: ({ v, clean: { x, y } }) => loss(v.weight, x, y),
    g: ({ u, v, train: { x, y } }) =>
      g.add(loss(v.weight, x, y), g.reduceSum(g.mul(g.exp(u.penalty), g.square(v.weight)))),
  });
}

/** Networks of five tasks, each with a convolution of its own. */
function tasks(): BilevelProblem {
  const [count, samples] = [5, 4];
  const rowsOf = () => ({ x: normal([count, samples, 1, 6, 6]), y: labels(count * samples, [count, samples]) });
  const [support, query] = [rowsOf(), rowsOf()];
  const start = { filters: normal([2, 1, 3, 3], 0.4), weight: normal([32, 30], 0.2) };
  const stacked = ({ data, shape }: Tensor): Tensor => {
    const all = Tensor.zeros([count, ...shape]);
    for (let task = 0; task < count; task++) (all.data as Float32Array).set(data as Float32Array, task * data.length);
    return all;
  };
  const losses = (x: g.Node, y: g.Node, v: Readonly<Record<'filters' | 'weight', g.Node>>): g.Node =>
    perTask({ x, y, v }, (task) => {
      const features = g.reshape(g.relu(g.conv(task.x, task.v.filters)), [samples, 32]);
      return g.mean(g.crossEntropy(g.matmul(features, task.v.weight), task.y));
    });
  return bilevelProblem({
    upper: start,
    lower: { filters: stacked(start.filters), weight: stacked(start.weight) },
    feeds: { tasks: feed({ supportX: support.x, supportY: support.y, queryX: query.x, queryY: query.y }) },
    f: ({ v, tasks: { queryX, queryY } }) => g.mean(losses(queryX, queryY, v)),
    g: ({ v, tasks: { supportX, supportY } }) => g.reduceSum(losses(supportX, supportY, v)),
  });
}

const [trials, width, elements] = [3, 600, 22_000];
const squares = (x: g.Node): g.Node => g.reduceSum(g.square(x), [x.shape.length - 1]);

/** Points on the way to others, with long products: trials side by side, without rows of data. */
function points(): BilevelProblem {
  const [aim, matrix] = [normal([width]), normal([width, width], width ** -0.5)].map((each) =>
    g.constant(each.toArray(), each.shape),
  ) as [g.Node, g.Node];
  return bilevelProblem({
    upper: { center: normal([trials, width], 0.1) },
    lower: { point: normal([trials, width], 0.1) },
    trials,
    f: ({ v }) => g.mul(1e-3, squares(g.sub(g.matmul(v.point, matrix), aim))),
    g: ({ u, v }) => g.add(squares(g.matmul(g.sub(v.point, u.center), matrix)), squares(v.point)),
  });
}

/** A large point that follows a few numbers, without rows of data. */
function large(): BilevelProblem {
  const [aim, along] = [normal([elements]), normal([3, elements])].map((each) =>
    g.constant(each.toArray(), each.shape),
  );
  return bilevelProblem({
    upper: { weight: normal([3], 0.1) },
    lower: { point: normal([elements], 0.1) },
    f: ({ v }) => g.mul(1e-3, squares(g.sub(v.point, aim as g.Node))),
    g: ({ u, v }) =>
      squares(g.sub(v.point, g.reshape(g.matmul(g.reshape(u.weight, [1, 3]), along as g.Node), [elements]))),
  });
}

export const problems: Readonly<Record<string, () => BilevelProblem>> = {
  cleaning,
  regression,
  start,
  tasks,
  points,
  large,
};
