// TensorFlow.js in the best form that a user can give it through its public functions: operations that it can
// differentiate twice, and on the backends without native code kernels that it lacks.
import { epsilon, leak, networks } from '../../networks.mjs';
import * as problem from '../../problem.mjs';
import { load } from './backends.mjs';
import { registerKernels } from './kernels.mjs';
import { operationsOf } from './operations.mjs';

/** The logits of images [batch, height, width, channels]. */
function logits(tf, op, layers, images, v) {
  const parameters = v.values();
  const take = () => parameters.next().value;
  const convolve = (x, { padding, normalized }) => {
    const y = tf.conv2d(x, take(), 1, padding > 0 ? 'same' : 'valid');
    return normalized ? op.normalize(y, take(), take()) : tf.add(y, take());
  };
  const apply = {
    conv: (x, layer) => op.maxPool(op.relu(convolve(x, layer))),
    block: (x, { convolutions: [first, second, last], shortcut }) => {
      const inner = [first, second].reduce((y, layer) => op.leakyRelu(convolve(y, layer), leak), x);
      return op.maxPool(op.leakyRelu(tf.add(convolve(inner, last), convolve(x, shortcut)), leak));
    },
    average: (x) => tf.mean(x, [1, 2]),
    dense: (x, { shape: [inputs] }) => tf.add(tf.matMul(tf.reshape(x, [-1, inputs]), take()), take()),
  };
  return layers.reduce((x, layer, k) => {
    const y = apply[layer.kind](x, layer);
    return layer.kind === 'dense' && k < layers.length - 1 ? op.relu(y) : y;
  }, images);
}

function batch(tf, network, { images, labels }) {
  return {
    images: tf.transpose(tf.tensor(images, [network.batch, ...network.image]), [0, 2, 3, 1]),
    labels: tf.cast(tf.oneHot(tf.tensor1d(labels, 'int32'), problem.classes), 'float32'),
  };
}

const sumOfSquares = (tf, tensors) => tf.addN(tensors.map((tensor) => tf.sum(tf.square(tensor))));

/** The value to be minimised, as a function of v. */
function cost(tf, op, step, network) {
  const { train, validation, u, rows } = problem.data(network);
  const crossEntropy = ({ images, labels }, v) => op.crossEntropy(labels, logits(tf, op, network.layers, images, v));
  const trainBatch = batch(tf, network, train);
  if (step === 'sgd') return (v) => tf.mean(crossEntropy(trainBatch, v));

  const validationBatch = batch(tf, network, validation);
  const weights = tf.sigmoid(tf.gather(tf.tensor1d(u), tf.tensor1d(rows, 'int32')));
  const lowerGradient = tf.grads((...v) => tf.mean(tf.mul(weights, crossEntropy(trainBatch, v))));
  return (v) =>
    tf.add(tf.mean(crossEntropy(validationBatch, v)), tf.mul(problem.gamma / 2, sumOfSquares(tf, lowerGradient(v))));
}

export async function prepare(step, name, backend) {
  const network = networks[name];
  const rate = problem.rateOf(network);
  const tf = await load(backend);
  registerKernels(tf);
  const v = problem.initialWeights(network).map(({ shape, values }) => tf.variable(tf.tensor(values, shape)));
  const valueAt = cost(tf, operationsOf(tf, epsilon), step, network);
  const { beta1, beta2, epsilon: stabilizer } = problem.adam;
  const optimizer = step === 'sgd' ? tf.train.sgd(rate) : tf.train.adam(rate, beta1, beta2, stabilizer);
  let done = 0;
  return {
    versions: { tfjs: tf.version.tfjs },
    async check() {
      const { value, grads } = tf.variableGrads(() => valueAt(v), v);
      const norm = tf.sqrt(sumOfSquares(tf, Object.values(grads)));
      return { value: (await value.data())[0], gradientNorm: (await norm.data())[0] };
    },
    async run(count) {
      let value;
      for (let i = 0; i < count; i++) {
        value?.dispose();
        done += 1;
        // tfjs adds epsilon after the bias correction, the problem before it.
        if (step === 'penalty') optimizer.epsilon = stabilizer / Math.sqrt(1 - beta2 ** done);
        value = tf.tidy(() => optimizer.minimize(() => valueAt(v), true, v));
      }
      const [number] = await value.data();
      value.dispose();
      return number;
    },
  };
}
