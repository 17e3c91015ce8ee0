// Whole iterations of methods, through the public interface: time and memory against T, and time against the number of
// upper variables.
import { add, crossEntropy, matmul, mean, mul, relu, sigmoid } from '../../dist/lib/public/graph.js';
import * as bilevel from '../../dist/lib/public/index.js';
import { uniform } from '../problem.mjs';
import { timeOf } from './timing.mjs';

const classes = 10;
const batch = 100;

/**
 * Learning the importance of each of `samples` training samples of `features` numbers, with a network of one hidden
 * layer.
 */
function importanceProblem({ samples, features, hidden }) {
  const { Tensor } = bilevel;
  const random = (shape, seed, bound) => {
    const count = shape.reduce((a, b) => a * b, 1);
    return Tensor.from(uniform(count, seed, -bound, bound), shape);
  };
  const data = (count, seed) => ({
    x: random([count, features], seed, 0.5),
    y: Tensor.from(Int32Array.from(uniform(count, seed + 1, 0, classes), Math.floor), [count], 'int32'),
  });
  const network = (x, v) => add(matmul(relu(add(matmul(x, v.first), v.firstBias)), v.last), v.lastBias);
  return bilevel.bilevelProblem({
    feeds: {
      train: bilevel.feed(data(samples, 1), { batch }),
      validation: bilevel.feed(data(1000, 3), { batch }),
    },
    upper: { importance: bilevel.perSample(Tensor.zeros([samples]), 'train') },
    lower: {
      first: random([features, hidden], 5, Math.sqrt(6 / (features + hidden))),
      firstBias: Tensor.zeros([hidden]),
      last: random([hidden, classes], 6, Math.sqrt(6 / (hidden + classes))),
      lastBias: Tensor.zeros([classes]),
    },
    f: ({ v, validation }) => mean(crossEntropy(network(validation.x, v), validation.y)),
    g: ({ u, v, train }) => mean(mul(sigmoid(u.importance), crossEntropy(network(train.x, v), train.y))),
  });
}

async function timeIteration(makeSolver, problem, settings, options) {
  const solver = makeSolver(problem, { lowerLearningRate: 1e-5, upperLearningRate: 1e-5, ...settings });
  try {
    const state = solver.init();
    const times = await timeOf(async (count) => {
      for (let i = 0; i < count; i++) await solver.step(state);
    }, options);
    const { scratch, work, ...memory } = solver.memoryOf(state);
    return { ...times, bytes: memory.state + scratch + work };
  } finally {
    solver.dispose();
  }
}

const methods = {
  penalty: [bilevel.penalty, { growth: 'never' }],
  'gradient descent': [bilevel.methods.gd, {}],
  RMD: [bilevel.methods.rmd, {}],
  'RMD, checkpoints': [bilevel.methods.rmd, { storage: 'checkpoints' }],
};

/** Time and memory of an iteration against T, the number of lower steps in it. */
async function* lowerSteps(options) {
  const problem = importanceProblem({ samples: 1000, features: 784, hidden: 100 });
  for (const [series, [method, settings]] of Object.entries(methods)) {
    for (const x of [1, 4, 16, 64, 256]) {
      const given = { ...settings, lowerSteps: x };
      yield { study: 'lowerSteps', series, x, ...(await timeIteration(method, problem, given, options)) };
    }
  }
}

/** Time of an iteration of T = 10 against the number of samples, each with an importance of its own. */
async function* upper(options) {
  const [method, settings] = methods.penalty;
  for (const x of [1e3, 1e4, 1e5, 1e6, 1e7]) {
    const problem = importanceProblem({ samples: x, features: 8, hidden: 100 });
    const given = { ...settings, lowerSteps: 10 };
    const series = 'an iteration, T = 10 (8-100-10)';
    yield { study: 'upper', series, x, ...(await timeIteration(method, problem, given, options)) };
  }
}

export const iterationStudies = { lowerSteps, upper };
