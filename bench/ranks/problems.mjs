// What ranks are timed on: mini-batches of the networks, and tasks of a meta-batch.
import { findModel } from '../../dist/lib/network/models.js';
import { add, crossEntropy, mean, mul, sigmoid } from '../../dist/lib/public/graph.js';
import { bilevelProblem, feed, methods, Network, perSample, Tensor } from '../../dist/lib/public/index.js';
import { featuresOf, settingsOf, stateTasks } from '../episodes/maml.mjs';
import { problemOf } from '../episodes/problem.mjs';
import { classes, uniform } from '../problem.mjs';

const [samples, batch] = [2000, 200];

const rows = (seed) => ({
  x: Tensor.from(uniform(samples * 784, seed, 0, 1), [samples, 1, 28, 28]),
  y: Tensor.from(Int32Array.from(uniform(samples, seed + 1, 0, classes), Math.floor), [samples]),
});

const lowerSteps = 10;

/** Importances of samples by the penalty method. */
const miniBatches = (name) => async (resources) => {
  const network = await Network.load(findModel(name));
  const loss = ({ x, y }, v, key) => crossEntropy(network.apply(x, v, { key }), y);
  const problem = bilevelProblem({
    upper: { importance: perSample(Tensor.zeros([samples]), 'train') },
    lower: network.initialParameters(),
    feeds: { train: feed(rows(1), { batch, seed: 1 }), validation: feed(rows(3), { batch, seed: 2 }) },
    f: ({ v, validation, key }) => mean(loss(validation, v, key)),
    g: ({ u, v, train, key }) => mean(mul(sigmoid(u.importance), add(loss(train, v, key), 0))),
  });
  return methods.penalty(problem, { variant: 'paper', lowerSteps, lowerLearningRate: 1e-5 }, resources);
};

/** MAML through its second derivatives, with a network of its own for each of 16 tasks. */
async function tasks(resources) {
  const problem = problemOf(16);
  return methods.maml(stateTasks(problem, await featuresOf(problem)), settingsOf(problem), resources);
}

/**
 * A lower step of the penalty method sums grad_v g, and along it grad_v (f + gamma/2 |grad_v g|^2): v twice. The upper
 * step sums grad_v g once more, and what the batch's importances get; the residuals of both levels are v twice.
 */
const ofMiniBatches = (v) => (2 * lowerSteps + 3) * v + 4 * batch;

/** The networks of all tasks are put together when an iteration ends; the gradient of u has the size of one. */
const ofTasks = (v) => v + v / 16;

/** How each is stated, and the bytes that an iteration has to sum up, of the bytes of v. */
export const problems = {
  mlp: { state: miniBatches('mlp'), bytesOfTheory: ofMiniBatches },
  lenet: { state: miniBatches('lenet'), bytesOfTheory: ofMiniBatches },
  'mnist-cnn': { state: miniBatches('mnist-cnn'), bytesOfTheory: ofMiniBatches },
  'few-shot-16': { state: tasks, bytesOfTheory: ofTasks },
};
