// Fits a weight decay for every array of a network from an ONNX file of yours, and writes a copy with the weights that it
// comes to: node examples/own-network.mjs [ITERATIONS] [FILE.onnx] (a classifier of digits, [batch, 1, 28, 28])
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bilevelProblem, evaluate, feed, Network, penalty, respond, sets, Tensor } from 'bilevel';
import { loadDataset, Random } from 'bilevel/data';
import { accuracy, add, crossEntropy, exp, mean, mul, reduceSum, reshape, slice, square } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 100);
const path = process.argv[3] ?? fileURLToPath(new URL('../models/logreg.onnx', import.meta.url));
const network = await Network.load(path);
const lower = network.initialParameters();
const names = Object.keys(lower);
console.log(`inputs ${network.inputs.map(({ name }) => name)}, outputs ${network.outputs}, parameters ${names}`);

const { train: digits, test } = await loadDataset('mnist');
const rows = Random.fromSeed(1, 'split').permutation(digits.count);
const feedOf = ({ inputs, labels }) => feed({ x: inputs, y: labels });
const start = { decay: Tensor.from(new Float32Array(names.length).fill(Math.log(1e-4))) }; // logarithms
const loss = (v, x, y) => mean(crossEntropy(network.apply(x, v), y));
const problem = bilevelProblem({
  upper: start,
  lower,
  feeds: { train: feedOf(digits.take(rows.slice(0, 300))), validation: feedOf(digits.take(rows.slice(300, 800))) },
  sets: { upper: { decay: sets.box(Math.log(1e-6), 0) } },
  f: ({ v, validation: { x, y } }) => loss(v, x, y),
  g: ({ u, v, train: { x, y } }) =>
    names
      .map((name, at) =>
        mul(exp(reshape(slice(u.decay, { starts: [at], limits: [at + 1] }), [])), reduceSum(square(v[name]))),
      )
      .reduce(add, loss(v, x, y)),
});

/** A network that is trained anew: f there, how well it does on the test set, and its weights. */
async function judge(u) {
  const { v } = await respond(problem, u, { tolerance: 1e-3, maxSteps: 300 });
  const metrics = { accuracy: ({ v, test: { x, y } }) => accuracy(network.apply(x, v), y) };
  const { f, metrics: found } = await evaluate(problem, { u, v }, { feeds: { test: feedOf(test.take()) }, metrics });
  return { v, text: `f(u, v*) ${f.toFixed(3)}, test accuracy ${(100 * found.accuracy).toFixed(1)} %` };
}
console.log(`without bilevel optimization, 1e-4 for all: ${(await judge(start)).text}`);
const judged = { evaluateEvery: 20, patience: 9, response: { tolerance: 1e-3, maxSteps: 300 } }; // ends at the best
const solver = penalty(problem, { lowerSteps: 20, upperLearningRate: 0.3 }, judged);
const state = solver.init();
for await (const { iteration, response } of solver.run({ state, iterations })) {
  if (response) console.log(`${iteration} iterations: f(u, v*) ${response.f.toFixed(3)}`);
}
const { v, text } = await judge(state.u);
console.log(`learned, ${state.u.decay.toArray().map((each) => Math.exp(each).toExponential(0))}: ${text}`);
const saved = join(tmpdir(), 'own-network.onnx');
await network.save(saved, v);
console.log(`the trained network is in ${saved}`);
solver.dispose();
