// Makes ten images, one for each class, such that a softmax regression that is trained on them alone tells real digits
// apart. Prints what it learns from ten real digits and from the made ones: node examples/distillation.mjs [ITERATIONS]
import { bilevelProblem, evaluate, feed, methods, respond, sets, Tensor } from 'bilevel';
import { loadDataset, Random } from 'bilevel/data';
import { accuracy, add, crossEntropy, matmul, mean, mul, reduceSum, square } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 100);
const { train: digits, test } = await loadDataset('mnist');
const rows = [...Random.fromSeed(1, 'split').permutation(digits.count)];
const flat = ({ inputs, labels }) => ({ x: Tensor.over(inputs.data, [labels.size, 784]), y: labels });
const classes = Array.from({ length: 10 }, (_, label) => label);
// The made images begin as the first digit of each class.
const first = digits.take(classes.map((label) => rows.find((row) => Number(digits.labels.data[row]) === label)));
const start = { images: flat(first).x };

const logits = (v, x) => add(matmul(x, v.weight), v.bias);
const problem = bilevelProblem({
  upper: start,
  lower: { weight: Tensor.zeros([784, 10]), bias: Tensor.zeros([10]) },
  feeds: {
    labels: feed({ y: Tensor.from(classes, [10], 'int64') }),
    real: feed(flat(digits.take(rows.slice(1000, 2000)))),
  },
  sets: { upper: { images: sets.box(0, 1) } },
  f: ({ v, real: { x, y } }) => mean(crossEntropy(logits(v, x), y)),
  g: ({ u, v, labels: { y } }) =>
    add(mean(crossEntropy(logits(v, u.images), y)), mul(0.01, reduceSum(square(v.weight)))),
});

/** A regression that is trained anew on the images: f there, and how well it does on the test set. */
async function judge(u) {
  const { v } = await respond(problem, u);
  const { f, metrics } = await evaluate(
    problem,
    { u, v },
    {
      feeds: { test: feed(flat(test.take())) },
      metrics: { accuracy: ({ v, test: { x, y } }) => accuracy(logits(v, x), y) },
    },
  );
  return `f(u, v*) ${f.toFixed(3)}, test accuracy ${(100 * metrics.accuracy).toFixed(1)} %`;
}

console.log(`without bilevel optimization, ten real digits: ${await judge(start)}`);
const options = { upperOptimizer: 'adam', upperLearningRate: 0.02, lowerSteps: 60, linearSteps: 20, upperClipNorm: 1 };
const solver = methods.aidCg(problem, options, { evaluateEvery: Math.ceil(iterations / 5), patience: 9 }); // ends at the best
const state = solver.init();
for await (const { iteration, response } of solver.run({ state, iterations })) {
  if (response) console.log(`${iteration} iterations: f(u, v*) ${response.f.toFixed(3)}`);
}
console.log(`ten made images: ${await judge(state.u)}`);
solver.dispose();
