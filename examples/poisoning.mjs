// How far can 20 poisoned points move a softmax regression on 300 MNIST digits? Prints the attack's cost and the test
// accuracy of networks that are trained anew, as the pixels of the points are chosen: node examples/poisoning.mjs
import { bilevelProblem, evaluate, feed, Network, penalty, respond, schedules, sets, Tensor } from 'bilevel';
import { loadDataset, Random } from 'bilevel/data';
import { add, argMax, cast, crossEntropy, equal, mean, mul, neg, reduceSum, square } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 100);
const { train: digits, test } = await loadDataset('mnist');
const rows = Random.fromSeed(1, 'split').permutation(digits.count);
const feedOf = ({ inputs, labels }) => feed({ x: inputs, y: labels });
const clean = digits.take(rows.slice(0, 300));
const network = await Network.load(new URL('../models/logreg.onnx', import.meta.url).pathname);

// The points start as digits with the next label, which they keep.
const start = digits.take(rows.slice(300, 320));
const next = start.labels.toArray().map((label) => (label + 1) % 10);

const loss = (v, x, y) => mean(crossEntropy(network.apply(x, v), y));
const decay = (v) => Object.values(v).map((each) => reduceSum(square(each)));
const problem = bilevelProblem({
  upper: { poison: start.inputs },
  lower: network.initialParameters(),
  feeds: {
    clean: feedOf(clean),
    labels: feed({ y: Tensor.from(next, [20], 'int64') }),
    validation: feedOf(digits.take(rows.slice(320, 820))),
  },
  sets: { upper: { poison: sets.box(0, 1) } },
  f: ({ v, validation: { x, y } }) => neg(loss(v, x, y)), // the attacker raises the validation loss
  g: ({ u, v, clean: { x, y }, labels }) =>
    add(
      add(mul(300 / 320, loss(v, x, y)), mul(20 / 320, loss(v, u.poison, labels.y))),
      mul(0.0025, decay(v).reduce(add)),
    ),
});

const accuracy = ({ v, test: { x, y } }) => mean(cast(equal(argMax(network.apply(x, v), 1), y), 'float32'));

/** A network that knows nothing of the attack: what the poison is worth. */
async function judge(u) {
  const { v } = await respond(problem, u);
  const { f, metrics } = await evaluate(
    problem,
    { u, v },
    { feeds: { test: feedOf(test.take()) }, metrics: { accuracy } },
  );
  return `f(u, v*) ${f.toFixed(3)}, test accuracy ${(100 * metrics.accuracy).toFixed(1)} %`;
}

console.log(`wrong labels alone: ${await judge({ poison: start.inputs })}`);
const options = { lambda: 3, gamma: 300, lowerSteps: 40, upperLearningRate: schedules.cosine(0.03, 0.003, iterations) };
const solver = penalty(problem, options, { evaluateEvery: 20, patience: 1000 }); // ends at the best points
const state = solver.init();
for await (const { iteration, f, response } of solver.run({ state, iterations })) {
  if (response) console.log(`${iteration}: f where v stands ${f.toFixed(3)}, at v* ${response.f.toFixed(3)}`);
}
console.log(`poisoned: ${await judge(state.u)}`);
solver.dispose();
