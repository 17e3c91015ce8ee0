// Chooses a weight decay for each of 784 pixels of a softmax regression on MNIST digits, where a grid search has one for
// all of them. Prints the loss and the accuracy of networks that are trained anew: node examples/tuning.mjs [ITERATIONS]
import { bilevelProblem, evaluate, feed, methods, Network, respond, sets, Tensor } from 'bilevel';
import { loadDataset, Random } from 'bilevel/data';
import { accuracy, add, crossEntropy, exp, mean, mul, reduceSum, square, sub } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 200);
const { train: digits, test } = await loadDataset('mnist');
const rows = Random.fromSeed(1, 'split').permutation(digits.count);
const feedOf = ({ inputs, labels }) => feed({ x: inputs, y: labels });
const network = await Network.load(new URL('../models/logreg.onnx', import.meta.url).pathname);
const [weight, bias] = Object.keys(network.initialParameters()); // [10, 784] and [10]

const loss = (v, x, y) => mean(crossEntropy(network.apply(x, v), y));
const penalty = (coefficients, array) => mul(0.5, reduceSum(mul(coefficients, square(array))));
// How far the logarithms are from their mean: the fewer validation samples, the more it counts.
const differences = (u) => mul(1 / (2 * 2000), reduceSum(square(sub(u, mean(u)))));

const problem = bilevelProblem({
  upper: { decay: Tensor.from(new Float32Array(784).fill(Math.log(1e-3))) }, // logarithms of the coefficients
  lower: network.initialParameters(),
  feeds: {
    train: feedOf(digits.take(rows.slice(0, 500))),
    validation: feedOf(digits.take(rows.slice(500, 2500))),
  },
  sets: { upper: { decay: sets.box(Math.log(1e-6), 0) } },
  f: ({ u, v, validation: { x, y } }) => add(loss(v, x, y), differences(u.decay)),
  g: ({ u, v, train: { x, y } }) => add(loss(v, x, y), add(penalty(exp(u.decay), v[weight]), penalty(1e-3, v[bias]))),
});

/** A network that is trained anew with the coefficients: f there, and how well it does on the test set. */
async function judge(u) {
  const { v } = await respond(problem, u, { tolerance: 1e-3 });
  const metrics = { accuracy: ({ v, test: { x, y } }) => accuracy(network.apply(x, v), y) };
  const { f, metrics: found } = await evaluate(problem, { u, v }, { feeds: { test: feedOf(test.take()) }, metrics });
  return `f(u, v*) ${f.toFixed(4)}, test accuracy ${(100 * found.accuracy).toFixed(1)} %`;
}

for (const share of [1e-4, 1e-3, 3e-3, 1e-2, 3e-2]) {
  const u = { decay: Tensor.from(new Float32Array(784).fill(Math.log(share))) };
  console.log(`${share} for all pixels: ${await judge(u)}`);
}
const adam = { upperOptimizer: 'adam', upperLearningRate: 0.1, lowerOptimizer: 'adam', lowerLearningRate: 0.01 };
const solver = methods.aidCg(problem, { ...adam, tikhonov: 1e-4 }, { evaluateEvery: 40, patience: 1000 }); // ends at the best
const state = solver.init();
for await (const { iteration, response } of solver.run({ state, iterations })) {
  if (response) console.log(`${iteration} iterations: f(u, v*) ${response.f.toFixed(4)}`);
}
console.log(`one for each pixel: ${await judge(state.u)}`);
solver.dispose();
