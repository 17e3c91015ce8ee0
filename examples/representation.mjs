// Learns features of digits on which a last layer that is trained on some images does well on others, without second
// derivatives, beside those of a usual classifier: node examples/representation.mjs [ITERATIONS]
import { fileURLToPath } from 'node:url';
import { adapt, bilevelProblem, feed, methods, minimizationProblem, minimize, Network, Tensor } from 'bilevel';
import { loadDataset } from 'bilevel/data';
import { accuracy, add, crossEntropy, matmul, mean, mul, reduceSum, square } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 60);
const network = await Network.load(fileURLToPath(new URL('../models/lenet.onnx', import.meta.url)));
const features = 10; // the outputs of the network, which may be any
const { train, test } = await loadDataset('mnist');

/** Images from one row on, as a feed of mini-batches, or of all of them at once. */
function imagesOf(samples, from, count, batch) {
  const { inputs, labels } = samples.take(Array.from({ length: count }, (_, row) => from + row));
  return feed({ x: inputs, y: labels }, { ...(batch && { batch }), seed: 1 });
}
const logits = (x, u, { weight, bias }) => add(matmul(network.apply(x, u), weight), bias);
const loss = ({ x, y }, u, v) => mean(crossEntropy(logits(x, u, v), y));

const problem = bilevelProblem({
  upper: network.initialParameters(),
  lower: { weight: Tensor.zeros([features, 10]), bias: Tensor.zeros([10]) },
  feeds: { some: imagesOf(train, 0, 2000, 200), others: imagesOf(train, 2000, 8000, 200) },
  f: ({ u, v, others }) => loss(others, u, v),
  g: ({ u, v, some }) => add(loss(some, u, v), mul(0.0005, reduceSum(square(v.weight)))),
});
/** What features are worth tells a last layer that is trained anew, on 1000 images. */
async function judge(what, u) {
  const { f, metrics } = await adapt(problem, u, {
    ...{ steps: 100, optimizer: 'adam', learningRate: 0.05 },
    feeds: { some: imagesOf(train, 0, 1000), others: imagesOf(train, 2000, 1000), test: imagesOf(test, 0, 1000) },
    metrics: { accuracy: ({ u, v, test: { x, y } }) => accuracy(logits(x, u, v), y) },
  });
  const percent = (100 * metrics.accuracy.toArray()[0]).toFixed(1);
  console.log(`${what}: f(u, v*) ${f[0].toFixed(3)}, ${percent} % of the test images told right`);
}
// Where all images are alike, as here, a classifier of all of them learns good features too, and with less work.
const classifier = minimizationProblem({
  lower: network.initialParameters(),
  feeds: { all: imagesOf(train, 0, 10_000, 200) },
  g: ({ v, all: { x, y } }) => mean(crossEntropy(network.apply(x, v), y)),
});
const trainer = minimize(classifier, { steps: iterations, learningRate: 1e-3 });
const trained = trainer.init();
await trainer.step(trained);
await judge(`without bilevel optimization, a classifier after ${iterations} steps`, trained.v);
const solver = methods.pzoboS(problem, {
  ...{ lowerSteps: 10, lowerOptimizer: 'sgd', lowerLearningRate: 0.1 },
  ...{ upperOptimizer: 'adam', upperLearningRate: 1e-3, smoothing: 0.01, directionMode: 'unitPerTensor' },
});
const state = solver.init();
for (let made = 0; made <= iterations; made += Math.ceil(iterations / 4)) {
  while (state.counters.iteration < made) await solver.step(state);
  await judge(`${made} iterations`, state.u);
}
