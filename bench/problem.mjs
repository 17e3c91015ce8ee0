// What is timed: the same networks, numbers and steps for every contender.
//
//   sgd      v -= rate * grad_v CE(v)                on the training batch
//   penalty  one Adam step on v along the gradient of F(v) = f(v) + gamma/2 |grad_v g(v)|^2, with
//            g = mean of sigmoid(u_i) CE_i on the training batch and f = mean CE on the validation batch
//
// Data and weights come from an integer hash, so that every language makes the same ones.
import { epsilon, leak, networks, weighted } from './networks.mjs';

const upperSize = 1000;
export const gamma = 10;
export const adam = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
export const classes = 10;
export const steps = ['sgd', 'penalty'];

/** Size of a step of both kinds. */
export const rateOf = ({ rate = 1e-3 }) => rate;

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

const product = (shape) => shape.reduce((a, b) => a * b, 1);

/**
 * Starting values `{ shape, values, channels }` in the order of their use: of each layer the weight, then its bias or
 * the scale and the shift of its normalization.
 */
export function initialWeights({ layers }) {
  return weighted(layers).flatMap(({ shape, channels, normalized }, k) => {
    const [inputs, outputs] = shape.slice(-2);
    const bound = Math.sqrt(6 / (product(shape.slice(0, -2)) * (inputs + outputs)));
    const weight = { shape, channels, values: uniform(product(shape), 10 + k, -bound, bound) };
    const vector = (value) => ({ shape: [outputs], values: new Float32Array(outputs).fill(value) });
    return normalized ? [weight, vector(1), vector(0)] : [weight, vector(0)];
  });
}

/** Reorders a dense [inputs, outputs] or conv [h, w, i, o] weight to PyTorch's [outputs, inputs] or [o, i, h, w]. */
export function toChannelsFirst({ shape, values, channels }) {
  if (shape.length === 1) return { shape, values };
  const [inputs, outputs] = shape.slice(-2);
  const window = shape.slice(0, -2);
  const depth = channels ?? inputs;
  const area = (product(window) * inputs) / depth;
  const reordered = new Float32Array(values.length);
  for (let o = 0, to = 0; o < outputs; o++) {
    for (let c = 0; c < depth; c++) {
      for (let p = 0; p < area; p++) reordered[to++] = values[(p * depth + c) * outputs + o];
    }
  }
  return { shape: [outputs, inputs, ...window], values: reordered };
}

/** Images are [batch, channels, height, width]; `upperSize` is the number of samples that u weighs. */
export function data({ batch, image, upperSize: samples = upperSize }) {
  const images = (seed) => uniform(batch * product(image), seed, -0.5, 0.5);
  const labels = (seed) => Int32Array.from(uniform(batch, seed, 0, classes), Math.floor);
  return {
    train: { images: images(1), labels: labels(2) },
    validation: { images: images(3), labels: labels(4) },
    u: uniform(samples, 5, -1, 1),
    rows: Int32Array.from({ length: batch }, (_, i) => (37 * i + 11) % samples),
  };
}

/** All that a contender in another language needs in order to make the same problem. */
export const describe = (name) => ({
  ...networks[name],
  upperSize,
  gamma,
  rate: rateOf(networks[name]),
  adam,
  classes,
  leak,
  epsilon,
  checkedUpdates,
});
