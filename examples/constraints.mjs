// Twelve instruments of unknown quality measure a mixture of four substances. Learns how much to rely on each, none above a
// cap and all within a price, from three exact measurements: node examples/constraints.mjs [ITERATIONS]
import { bilevelProblem, evaluate, penalty, respond, sets, Tensor } from 'bilevel';
import { Random } from 'bilevel/data';
import { constant, matmul, mul, reduceSum, reshape, square, sub } from 'bilevel/graph';

const iterations = Number(process.argv[2] ?? 300);
const random = Random.fromSeed(3, 'instruments');
const [instruments, exact, substances] = [12, 3, 4];
const truth = [0.4, 0.3, 0.2, 0.1];
/** Responses to the substances, and what is read; every third instrument is bad. */
function measure(count, noiseOf) {
  const rows = Array.from({ length: count }, () => truth.map(() => random.normal()));
  const reads = rows.map((row, at) =>
    row.reduce((sum, each, i) => sum + each * truth[i], noiseOf(at) * random.normal()),
  );
  const matrix = constant(rows.flat(), [count, substances]);
  return (v) => sub(reshape(matmul(matrix, reshape(v, [substances, 1])), [count]), constant(reads));
}
const errors = measure(instruments, (at) => (at % 3 === 0 ? 1 : 0.02));
const exactErrors = measure(exact, () => 0);

const equal = { weights: Tensor.from(new Float32Array(instruments).fill(1 / instruments)) };
const prices = constant(Array.from({ length: instruments }, (_, at) => (at % 3 === 0 ? 0.5 : 1.5)));
const cost = (weights) => reduceSum(mul(prices, weights));
const problem = bilevelProblem({
  upper: equal,
  lower: { shares: Tensor.from([0.25, 0.25, 0.25, 0.25]) },
  sets: {
    // The weights add up to 1, and none is above a fifth: the part of a simplex in a box.
    upper: { weights: sets.intersection([sets.simplex(), sets.box(0, 0.2)]) },
    lower: { shares: sets.simplex() },
  },
  inequalities: { upper: ({ u }) => ({ cost: sub(cost(u.weights), 1.3) }) },
  f: ({ v }) => reduceSum(square(exactErrors(v.shares))),
  g: ({ u, v }) => reduceSum(mul(u.weights, square(errors(v.shares)))),
});

/** What the shares come to under given weights. */
async function judge(u) {
  const { v } = await respond(problem, u);
  const metrics = { cost: ({ u }) => cost(u.weights) };
  const { f, metrics: found } = await evaluate(problem, { u, v }, { metrics });
  const shares = v.shares.toArray().map((each) => each.toFixed(3));
  return `f(u, v*) ${f.toExponential(1)}, shares ${shares}, cost ${found.cost.toFixed(2)}`;
}
console.log(`the truth: shares ${truth}, cost at most 1.3`);
console.log(`without bilevel optimization, equal weights: ${await judge(equal)}`);
const settings = { variant: 'paper', gamma: 1, lowerSteps: 50, upperLearningRate: 0.01, lowerLearningRate: 0.01 };
const solver = penalty(problem, settings);
const state = solver.init();
let last;
for await (last of solver.run({ state, iterations }));
console.log(
  `after ${iterations} iterations the cost is above by ${last.constraints.cost.violation.toExponential(1)} at most`,
);
console.log(`weights ${state.u.weights.toArray().map((each) => each.toFixed(2))}`);
console.log(`learned weights: ${await judge({ weights: state.u.weights })}`);
solver.dispose();
