// The same training step, SGD on the mean cross-entropy of a LayersModel, by TensorFlow.js and by bilevel from the same
// weights: gradients side by side, and milliseconds per step, in turns. Run: node bench/tfjs/training.mjs [cpu|wasm]
import { performance } from 'node:perf_hooks';
import { compile, Device } from '../../dist/lib/public/engine.js';
import { crossEntropy, gradient, input, mean, mul, sub } from '../../dist/lib/public/graph.js';
import { Tensor } from '../../dist/lib/public/index.js';
import { applyModel, weightsOf } from '../../dist/lib/public/tfjs.js';
import { load } from '../contenders/tfjs/backends.mjs';
import { uniform } from '../problem.mjs';
import { installPackages } from '../set-up.mjs';

await installPackages();
const [backend = 'cpu'] = process.argv.slice(2);
const tf = await load(backend);
const [batch, classes, rate, rounds] = [32, 10, 0.05, 7];
const { layers } = tf;
const models = {
  'dense 784-100-10': [
    layers.flatten({ inputShape: [28, 28, 1] }),
    layers.dense({ units: 100, activation: 'relu' }),
    layers.dense({ units: classes }),
  ],
  'conv 3x3x8, pool, dense': [
    layers.conv2d({ inputShape: [28, 28, 1], filters: 8, kernelSize: 3, activation: 'relu' }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: classes }),
  ],
};

const pixels = uniform(batch * 784, 1, 0, 1);
const labels = Int32Array.from(uniform(batch, 2, 0, classes), Math.floor);
const [x, y] = [tf.tensor(pixels, [batch, 28, 28, 1]), tf.oneHot(tf.tensor1d(labels, 'int32'), classes)];

function tfjsStep(model) {
  const optimizer = tf.train.sgd(rate);
  const cost = () => tf.losses.softmaxCrossEntropy(y, model.apply(x));
  return {
    gradientNorm: () =>
      tf.tidy(() =>
        Math.hypot(...Object.values(tf.variableGrads(cost).grads).map((each) => tf.norm(each).dataSync()[0])),
      ),
    step: () => tf.tidy(() => optimizer.minimize(cost, true).dataSync()[0]),
  };
}

function bilevelStep(model, device) {
  const weights = weightsOf(model);
  const v = Object.fromEntries(Object.entries(weights).map(([name, { shape }]) => [name, input(name, shape)]));
  const cost = mean(crossEntropy(applyModel(model, input('x', x.shape), v), input('y', [batch], 'int32')));
  const slopes = gradient(cost, Object.values(v));
  const names = Object.keys(v);
  const tensors = { ...weights, x: Tensor.from(pixels, x.shape), y: Tensor.from(labels) };
  const value = Tensor.zeros([]);
  const outputs = Object.fromEntries(slopes.map((slope, i) => [`gradient/${names[i]}`, slope]));
  const first = device.load(compile({ outputs }));
  const found = Object.fromEntries(names.map((name) => [`gradient/${name}`, Tensor.zeros(weights[name].shape)]));
  const updates = names.map((name, i) => [v[name], sub(v[name], mul(slopes[i], rate))]);
  const program = device.load(compile({ outputs: { cost }, updates }));
  return {
    gradientNorm: async () => {
      await first.run({ ...tensors, ...found });
      return Math.hypot(...Object.values(found).flatMap((tensor) => tensor.toArray()));
    },
    step: async () => {
      await program.run({ ...tensors, cost: value });
      return value.item();
    },
  };
}

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const device = Device.cpu({ threads: 1 });

async function measure(name, list) {
  const model = tf.sequential({ layers: list });
  const contenders = { bilevel: bilevelStep(model, device), [`tfjs ${backend}`]: tfjsStep(model) };
  const times = {};
  for (const [who, { gradientNorm }] of Object.entries(contenders)) {
    times[who] = [];
    console.log(`${name}: |gradient| ${(await gradientNorm()).toPrecision(6)} by ${who}`);
  }
  for (let round = -1; round < rounds; round++) {
    for (const [who, { step }] of Object.entries(contenders)) {
      const [start, steps] = [performance.now(), who === 'bilevel' ? 50 : 5];
      for (let k = 0; k < steps; k++) await step();
      // The first round warms up.
      if (round >= 0) times[who].push((performance.now() - start) / steps);
    }
  }
  const [ours, theirs] = Object.values(times).map(median);
  console.log(
    `${name}: ${ours.toFixed(2)} ms by bilevel, ${theirs.toFixed(2)} by tfjs ${backend}: ${(theirs / ours).toFixed(1)} times\n`,
  );
}

for (const [name, list] of Object.entries(models)) {
  // The wasm backend lacks kernels for the gradients of convolutions.
  await measure(name, list).catch((error) => console.log(`${name}: ${error.message}\n`));
}
device.dispose();
