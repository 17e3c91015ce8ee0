// Learns features with which a few samples of each class are enough, from digits and digits turned by a quarter of a
// circle, and tries them on digits that were not learned from: node examples/few-shot.mjs [ITERATIONS]
import { fileURLToPath } from 'node:url';
import { adapt, bilevelProblem, feed, Network, penalty, perTask, Tensor } from 'bilevel';
import { loadDataset, samplers } from 'bilevel/data';
import { accuracy, add, crossEntropy, matmul, mean, mul, reduceSum, reshape, square } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 100);
const [ways, shots, queries, tasks] = [4, 3, 10, 8];
const features = 10; // the outputs of the network, which may be any
const network = await Network.load(fileURLToPath(new URL('../models/lenet.onnx', import.meta.url)));

const { train } = await loadDataset('mnist');
const given = [...train.labels.data].map(Number);

/** Tasks of some digits, whose turned images are classes of their own. */
function tasksOf(digits, seed) {
  const rows = digits.flatMap((digit) => given.flatMap((label, row) => (label === digit ? [row] : [])).slice(0, 100));
  const { inputs, labels } = train.take(rows);
  const turned = inputs.data.map((_, at) => {
    const [image, row, column] = [Math.floor(at / 784), Math.floor(at / 28) % 28, at % 28];
    return inputs.data[image * 784 + column * 28 + 27 - row];
  });
  const x = Tensor.from([...inputs.data, ...turned], [2 * rows.length, 1, 28, 28]);
  const y = Tensor.from([...labels.data, ...labels.data.map((label) => label + 10n)]);
  return feed({ x, y }, { sampler: samplers.episodes({ ways, shots, queries, tasks }), seed });
}

/** The function of one task, applied to all: a last layer v on the features of u. */
function ofTasks({ x, y }, u, v, measure) {
  const [count, rows] = x.shape;
  const seen = network.apply(reshape(x, [count * rows, 1, 28, 28]), u);
  const task = { x: reshape(seen, [count, rows, features]), y, v };
  return perTask(task, ({ x, y, v }) => measure(add(matmul(x, v.weight), v.bias), y));
}
const losses = (rows, u, v) => ofTasks(rows, u, v, (logits, y) => mean(crossEntropy(logits, y)));

const problem = bilevelProblem({
  upper: network.initialParameters(),
  lower: { weight: Tensor.zeros([tasks, features, ways]), bias: Tensor.zeros([tasks, ways]) },
  feeds: { tasks: tasksOf([0, 1, 2, 3, 4, 5], 1) },
  f: ({ u, v, tasks: { query } }) => mean(losses(query, u, v)),
  g: ({ u, v, tasks: { support } }) => add(reduceSum(losses(support, u, v)), mul(0.005, reduceSum(square(v.weight)))),
});
const solver = penalty(problem, { warmStart: false, lowerLearningRate: 0.1, upperLearningRate: 1e-3 });
const state = solver.init();
const other = tasksOf([6, 7, 8, 9], 2);
for (let made = 0; made <= iterations; made += Math.ceil(iterations / 5)) {
  while (state.counters.iteration < made) await solver.step(state);
  const { metrics } = await adapt(solver, state, {
    feeds: { tasks: other },
    batches: 10,
    metrics: { accuracy: ({ u, v, tasks: { query } }) => ofTasks(query, u, v, accuracy) },
  });
  const shares = metrics.accuracy.toArray();
  const percent = (100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length;
  console.log(`${made} iterations: ${percent.toFixed(1)} % of new digits told apart after ${shots} samples of each`);
}
