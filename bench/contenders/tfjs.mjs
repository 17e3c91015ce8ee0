// TensorFlow.js as it ships: its own losses, layers' kernels and optimizers, in plain code as its users write it.
import { createRequire } from 'node:module';
import * as problem from '../problem.mjs';

const require = createRequire(import.meta.url);

/** @param {'cpu' | 'wasm'} backend */
export async function load(backend) {
  const tf = require('@tensorflow/tfjs');
  if (backend === 'wasm') require('@tensorflow/tfjs-backend-wasm');
  if (!(await tf.setBackend(backend))) throw new Error(`tfjs has no backend ${backend}`);
  tf.enableProdMode();
  return tf;
}

function variables(tf, layers) {
  return problem
    .initialWeights(layers)
    .flatMap(({ weight, bias }, k) => [tf.variable(tf.tensor(weight, layers[k].shape)), tf.variable(tf.tensor(bias))]);
}

function network(tf, layers, images, v) {
  return layers.reduce((x, { kind, shape, padding }, k) => {
    const [weight, bias] = [v[2 * k], v[2 * k + 1]];
    if (kind === 'conv') {
      const y = tf.add(tf.conv2d(x, weight, 1, padding > 0 ? 'same' : 'valid'), bias);
      return tf.maxPool(tf.relu(y), 2, 2, 'valid');
    }
    const y = tf.add(tf.matMul(tf.reshape(x, [-1, shape[0]]), weight), bias);
    return k < layers.length - 1 ? tf.relu(y) : y;
  }, images);
}

function batch(tf, { images, labels }) {
  return {
    images: tf.tensor(images, [problem.batchSize, 28, 28, 1]),
    labels: tf.oneHot(tf.tensor1d(labels, 'int32'), problem.classes),
  };
}

/** The value to be minimised, as a function of v. */
function cost(tf, step, layers) {
  const { train, validation, u, rows } = problem.data();
  const trainBatch = batch(tf, train);
  const crossEntropy = ({ images, labels }, v, weights) =>
    tf.losses.softmaxCrossEntropy(labels, network(tf, layers, images, v), weights, 0, tf.Reduction.MEAN);
  if (step === 'sgd') return (v) => crossEntropy(trainBatch, v);

  const validationBatch = batch(tf, validation);
  const weights = tf.sigmoid(tf.gather(tf.tensor1d(u), tf.tensor1d(rows, 'int32')));
  const share = tf.mean(weights); // undoes the division by the sum of weights in tfjs's weighted mean
  const lower = (...v) => tf.mul(share, crossEntropy(trainBatch, v, weights));
  return (v) => {
    const squares = tf
      .grads(lower)(v)
      .map((gradient) => tf.sum(tf.square(gradient)));
    return tf.add(crossEntropy(validationBatch, v), tf.mul(problem.gamma / 2, tf.addN(squares)));
  };
}

export async function prepare(step, name, backend) {
  const layers = problem.networks[name];
  const tf = await load(backend);
  const v = variables(tf, layers);
  const valueAt = cost(tf, step, layers);
  const { beta1, beta2, epsilon } = problem.adam;
  const optimizer = step === 'sgd' ? tf.train.sgd(problem.rate) : tf.train.adam(problem.rate, beta1, beta2, epsilon);
  return {
    versions: { tfjs: tf.version.tfjs },
    async check() {
      const { value, grads } = tf.variableGrads(() => valueAt(v), v);
      const norm = tf.sqrt(tf.addN(Object.values(grads).map((gradient) => tf.sum(tf.square(gradient)))));
      return { value: (await value.data())[0], gradientNorm: (await norm.data())[0] };
    },
    async run(count) {
      let value;
      for (let i = 0; i < count; i++) {
        value?.dispose();
        value = tf.tidy(() => optimizer.minimize(() => valueAt(v), true, v));
      }
      const [number] = await value.data();
      value.dispose();
      return number;
    },
  };
}
