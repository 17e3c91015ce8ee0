// Learns how much each of 500 digits counts, when 40 % of the labels are wrong, from 200 digits with right labels. Prints
// what a network is worth that is trained on all alike, and on what was learned: node examples/reweighting.mjs [ITERATIONS]
import { bilevelProblem, evaluate, feed, methods, perSample, respond, Tensor } from 'bilevel';
import { corruptLabels, loadDataset, Random } from 'bilevel/data';
import { accuracy, add, crossEntropy, matmul, mean, mul, reduceSum, sigmoid, square } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 100);
const [count, clean] = [500, 200];
const { train: digits, test, classes } = await loadDataset('mnist');
const rows = Random.fromSeed(1, 'split').permutation(digits.count);
const feedOf = ({ inputs, labels }) => feed({ x: Tensor.over(inputs.data, [labels.size, 784]), y: labels });
const given = digits.take(rows.slice(0, count));
const noisy = corruptLabels(given.labels, 0.4, classes.length, Random.fromSeed(1, 'noise')).labels;

const logits = (v, x) => add(matmul(x, v.weight), v.bias);
const problem = bilevelProblem({
  upper: { importance: perSample(Tensor.zeros([count]), 'train') }, // sigmoid(0): all count one half
  lower: { weight: Tensor.zeros([784, 10]), bias: Tensor.zeros([10]) },
  feeds: {
    train: feedOf({ inputs: given.inputs, labels: noisy }),
    clean: feedOf(digits.take(rows.slice(count, count + clean))),
  },
  f: ({ v, clean: { x, y } }) => mean(crossEntropy(logits(v, x), y)),
  g: ({ u, v, train: { x, y } }) =>
    add(mean(mul(sigmoid(u.importance), crossEntropy(logits(v, x), y))), mul(0.01, reduceSum(square(v.weight)))),
});

/** A network that is trained anew: f there, and how well it does on the test set. */
async function judge(u) {
  const { v } = await respond(problem, u);
  const metrics = { accuracy: ({ v, test: { x, y } }) => accuracy(logits(v, x), y) };
  const { f, metrics: found } = await evaluate(problem, { u, v }, { feeds: { test: feedOf(test.take()) }, metrics });
  return `f(u, v*) ${f.toFixed(3)}, test accuracy ${(100 * found.accuracy).toFixed(1)} %`;
}

console.log(`without bilevel optimization, all alike: ${await judge({ importance: Tensor.zeros([count]) })}`);
const options = { upperOptimizer: 'adam', upperLearningRate: 0.2, lowerSteps: 20, linearSteps: 10 };
const solver = methods.aidCg(problem, options, { evaluateEvery: Math.ceil(iterations / 4) });
const state = solver.init();
for await (const { iteration, response } of solver.run({ state, iterations })) {
  if (response) console.log(`${iteration} iterations: f(u, v*) ${response.f.toFixed(3)}`);
}
console.log(`with learned importances: ${await judge(state.u)}`);
const isWrong = [...noisy.data].map((label, row) => label !== given.labels.data[row]);
const share = (wrong) => {
  const some = [...state.u.importance.data].filter((_, row) => isWrong[row] === wrong);
  return ((100 * some.filter((value) => value < 0).length) / some.length).toFixed(0);
};
console.log(
  `trusted less than at the start: ${share(true)} % of the wrong labels, ${share(false)} % of the right ones`,
);
solver.dispose();
