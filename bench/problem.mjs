// What is timed: the same networks, numbers and steps for every contender.
//
//   sgd      v -= rate * grad_v CE(v)                on the training batch
//   penalty  one Adam step on v along the gradient of F(v) = f(v) + gamma/2 |grad_v g(v)|^2, with
//            g = mean of sigmoid(u_i) CE_i on the training batch and f = mean CE on the validation batch
//
// Data and weights come from an integer hash, so that every language makes the same ones.

export const batchSize = 200;
export const upperSize = 1000;
export const gamma = 10;
export const rate = 1e-3;
export const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
export const classes = 10;

/** The last value that a contender must reproduce is taken after this many updates. */
export const checkedUpdates = 5;

/** `count` float32 numbers in [low, high), a pure function of their place and the seed. */
export function uniform(count, seed, low, high) {
  return Float32Array.from({ length: count }, (_, i) => {
    let h = Math.imul(i + 1 + seed * 1000003, 0x9e3779b1);
    h = Math.imul(h ^ (h >>> 15), 0x85ebca77);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae3d);
    return low + (high - low) * (((h ^ (h >>> 16)) >>> 0) / 2 ** 32);
  });
}

const dense = (inputs, outputs) => ({ kind: 'dense', shape: [inputs, outputs] });
/** Followed by ReLU and a max-pool of 2. Shape: height, width, input channels, output channels. */
const conv = (size, inputs, outputs, padding) => ({ kind: 'conv', shape: [size, size, inputs, outputs], padding });

/** ReLU follows every layer but the last. Dense layers after convolutions see (height, width, channel) flattened. */
export const networks = {
  logreg: [dense(784, 10)],
  mlp: [dense(784, 300), dense(300, 100), dense(100, 10)],
  lenet: [conv(5, 1, 6, 2), conv(5, 6, 16, 0), dense(400, 120), dense(120, 84), dense(84, 10)],
  'mnist-cnn': [conv(5, 1, 64, 0), conv(5, 64, 128, 0), dense(2048, 512), dense(512, 256), dense(256, 10)],
};
export const cases = Object.keys(networks);
export const steps = ['sgd', 'penalty'];

const product = (shape) => shape.reduce((a, b) => a * b, 1);

/** Starting values, one `{ weight, bias }` a layer, in the layouts of `networks`. */
export function initialWeights(layers) {
  return layers.map(({ shape }, k) => {
    const [inputs, outputs] = shape.slice(-2);
    const bound = Math.sqrt(6 / (product(shape.slice(0, -2)) * (inputs + outputs)));
    return { weight: uniform(product(shape), 10 + k, -bound, bound), bias: new Float32Array(outputs) };
  });
}

/** Pixels [batchSize, 28, 28, 1]. */
const images = (seed) => uniform(batchSize * 784, seed, -0.5, 0.5);
const labels = (seed) => Int32Array.from(uniform(batchSize, seed, 0, classes), Math.floor);

export function data() {
  return {
    train: { images: images(1), labels: labels(2) },
    validation: { images: images(3), labels: labels(4) },
    u: uniform(upperSize, 5, -1, 1),
    rows: Int32Array.from({ length: batchSize }, (_, i) => (37 * i + 11) % upperSize),
  };
}

/** Reorders a dense [inputs, outputs] or conv [h, w, i, o] weight to PyTorch's [outputs, inputs] or [o, i, h, w]. */
export function toChannelsFirst(layers, weights) {
  return layers.map(({ kind, shape }, k) => {
    const { weight, bias } = weights[k];
    const channels = layers[k - 1]?.kind === 'conv' && kind === 'dense' ? layers[k - 1].shape.at(-1) : 1;
    const [inputs, outputs] = shape.slice(-2);
    const area = kind === 'conv' ? product(shape.slice(0, -2)) : inputs / channels;
    const depth = kind === 'conv' ? inputs : channels;
    const reordered = new Float32Array(weight.length);
    for (let o = 0, to = 0; o < outputs; o++) {
      for (let c = 0; c < depth; c++) {
        for (let p = 0; p < area; p++) reordered[to++] = weight[(p * depth + c) * outputs + o];
      }
    }
    return { weight: reordered, bias };
  });
}
