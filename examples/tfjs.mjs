// A model of TensorFlow.js is trained on labels of which 30 % are wrong: a weight for each sample is learned so that the
// model, trained on the weighted samples, is right on 40 clean ones, and then given back. Prints the accuracy that
// TensorFlow.js finds: node examples/tfjs.mjs [ITERATIONS]
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import { bilevelProblem, feed, penalty, perSample, respond, Tensor } from 'bilevel';
import { Random } from 'bilevel/data';
import { add, crossEntropy, mean, mul, sigmoid, sumOfSquares } from 'bilevel/graph';
import { applyModel, fromTf, setWeights, weightsOf } from 'bilevel/tfjs';

const iterations = Number(process.argv[2] ?? 200);
const random = Random.fromSeed(1, 'example');

/** Points on two rings; the label is the ring. */
function rings(count, wrong) {
  const y = Int32Array.from({ length: count }, (_, row) => row % 2);
  const points = Array.from(y, (ring) => {
    const angle = 2 * Math.PI * random.uniform();
    return [(1 + ring) * Math.cos(angle), (1 + ring) * Math.sin(angle)];
  });
  return { x: tf.tensor2d(points), y: y.map((ring, row) => (row < wrong ? 1 - ring : ring)) };
}

const [train, clean, test] = [rings(200, 60), rings(40, 0), rings(400, 0)];
const kernelInitializer = 'glorotNormal';
const model = sequential({
  layers: [
    layers.dense({ inputShape: [2], units: 16, activation: 'tanh', kernelInitializer }),
    layers.dense({ units: 2, kernelInitializer }),
  ],
});

const feedOf = ({ x, y }) => feed({ x: fromTf(x), y: Tensor.from(y) });
const losses = (v, { x, y }) => crossEntropy(applyModel(model, x, v), y);
const problem = bilevelProblem({
  upper: { weight: perSample(Tensor.zeros([200]), 'train') }, // the logarithm of its odds
  lower: weightsOf(model),
  feeds: { train: feedOf(train), clean: feedOf(clean) },
  f: ({ v, clean }) => mean(losses(v, clean)),
  g: ({ u, v, train }) =>
    add(mean(mul(sigmoid(u.weight), losses(v, train))), mul(sumOfSquares(Object.values(v)), 1e-3)),
});

/** The model is given the weights that minimize g, and asked for the labels of the test. */
async function judge(u) {
  setWeights(tf, model, (await respond(problem, u, { tolerance: 1e-2 })).v);
  const found = tf.argMax(model.predict(test.x), 1).dataSync();
  return `${((100 * found.filter((ring, row) => ring === test.y[row]).length) / test.y.length).toFixed(1)} % right`;
}

const solver = penalty(problem, { lowerSteps: 10, upperOptimizer: 'adam', upperLearningRate: 0.1 });
const state = solver.init();
console.log(`all samples alike: ${await judge(state.u)}`);
for await (const { iteration, f } of solver.run({ state, iterations })) {
  if (iteration % 50 === 0) console.log(`${iteration} iterations: f ${f.toFixed(4)}`);
}
console.log(`weighted: ${await judge(state.u)}`);
solver.dispose();
