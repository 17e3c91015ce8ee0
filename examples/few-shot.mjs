// Learns features with which a few samples of a class are enough, from digits, turned and mirrored ones as classes of
// their own; tries them on other digits, beside those of a usual classifier: node examples/few-shot.mjs [ITERATIONS]
import { fileURLToPath } from 'node:url';
import { adapt, bilevelProblem, feed, methods, minimizationProblem, minimize, Network, perTask, Tensor } from 'bilevel';
import { loadDataset, samplers } from 'bilevel/data';
import { accuracy, add, crossEntropy, matmul, mean, mul, reduceSum, reshape, square } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 100);
const [ways, shots, queries, tasks, features] = [4, 3, 10, 8, 400];
const lenet = fileURLToPath(new URL('../models/lenet.onnx', import.meta.url));
const network = await Network.load(lenet, { outputs: ['/6/Flatten'] }); // its convolutions alone
const { train } = await loadDataset('mnist');
const given = [...train.labels.data].map(Number);
function imagesOf(digits) {
  const rows = digits.flatMap((digit) => given.flatMap((label, row) => (label === digit ? [row] : [])).slice(0, 100));
  let all = train.take(rows).inputs.data;
  const x = Tensor.zeros([8 * rows.length, 1, 28, 28]);
  for (let way = 0; way < 8; way++) {
    x.data.set(all, way * all.length);
    all = all.map((_, at) => all[at + (way % 2 ? 27 - 2 * (at % 28) : 27 * ((at % 28) - (Math.floor(at / 28) % 28)))]);
  }
  return { x, y: Tensor.from(BigInt64Array.from({ length: x.shape[0] }, (_, row) => BigInt(Math.floor(row / 100)))) };
}
const [old, other] = [imagesOf([0, 1, 2, 3, 4, 5]), imagesOf([6, 7, 8, 9])];
const classifier = minimizationProblem({
  lower: { ...network.initialParameters(), layer: Tensor.zeros([features, 48]) },
  feeds: { all: feed(old, { batch: 200, seed: 1 }) },
  g: ({ v: { layer, ...u }, all: { x, y } }) => mean(crossEntropy(matmul(network.apply(x, u), layer), y)),
});
const trainer = minimize(classifier, { steps: 3 * iterations, learningRate: 3e-3 });
const trained = trainer.init();
await trainer.step(trained);
const { layer: _, ...upper } = trained.v;
// The function of one task, applied to all: a last layer v, which steps of an optimizer train, on the features of u.
function ofTasks({ x, y }, u, v, measure) {
  const seen = reshape(network.apply(reshape(x, [tasks * x.shape[1], 1, 28, 28]), u), [tasks, x.shape[1], features]);
  return perTask({ seen, y, v }, ({ seen, y, v }) => measure(add(matmul(seen, v.weight), v.bias), y));
}
const losses = (rows, u, v) => ofTasks(rows, u, v, (logits, y) => mean(crossEntropy(logits, y)));
const tasksOf = (images) => feed(images, { sampler: samplers.episodes({ ways, shots, queries, tasks }), seed: 1 });
const problem = bilevelProblem({
  upper, // as the classifier has them
  lower: { weight: Tensor.zeros([tasks, features, ways]), bias: Tensor.zeros([tasks, ways]) },
  feeds: { tasks: tasksOf(old) },
  f: ({ u, v, tasks: { query } }) => mean(losses(query, u, v)),
  g: ({ u, v, tasks: { support } }) => add(reduceSum(losses(support, u, v)), mul(0.005, reduceSum(square(v.weight)))),
});
const metrics = { accuracy: ({ u, v, tasks: { query } }) => ofTasks(query, u, v, accuracy) };
async function judge(what, u, optimizer) {
  const options = { steps: 10, learningRate: 0.01, optimizer, feeds: { tasks: tasksOf(other) }, batches: 25, metrics };
  const { data } = (await adapt(problem, u, options)).metrics.accuracy;
  const share = data.reduce((sum, each) => sum + each) / data.length;
  console.log(`${what}, by ${optimizer}: ${(100 * share).toFixed(1)} % of new digits right after ${shots} of each`);
}
for (const optimizer of ['adam', 'sgd']) await judge('without bilevel optimization', upper, optimizer);
const lower = { lowerOptimizer: 'adam', lowerLearningRate: 0.01, lowerSteps: 10, warmStart: false };
const solver = methods.itd(problem, { ...lower, upperOptimizer: 'adam', upperLearningRate: 1e-3 });
const state = solver.init();
for await (const { iteration } of solver.run({ state, iterations }))
  if (iteration % Math.ceil(iterations / 4) === 0) await judge(`${iteration} iterations`, state.u, 'adam');
