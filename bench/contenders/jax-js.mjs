// jax-js on its WebAssembly device, one jitted function a step. Every use of an array but the last takes `.ref`, which
// is how jax-js counts owners.
import { readFile } from 'node:fs/promises';
import { epsilon, leak, networks } from '../networks.mjs';
import * as problem from '../problem.mjs';

const refs = (arrays) => arrays.map((array) => array.ref);

export async function load() {
  if (!('navigator' in globalThis)) globalThis.navigator = { userAgent: '' }; // jax-js reads it; Node 20 has none
  const jax = await import('@jax-js/jax');
  await jax.init('wasm');
  jax.defaultDevice('wasm');
  const manifest = new URL('../node_modules/@jax-js/jax/package.json', import.meta.url);
  return { jax, version: JSON.parse(await readFile(manifest, 'utf8')).version };
}

export async function prepare(step, name) {
  const network = networks[name];
  const rate = problem.rateOf(network);
  const { jax, version } = await load();
  const { numpy: np, lax, nn } = jax;

  const perChannel = (vector) => vector.reshape([-1, 1, 1]);
  function convolve(x, weight, padding) {
    const sides = [
      [padding, padding],
      [padding, padding],
    ];
    return lax.convGeneralDilated(x, weight, [1, 1], sides);
  }
  function normalize(x, scale, shift) {
    const centred = x.ref.sub(np.mean(x, [0, 2, 3], { keepdims: true }));
    const variance = np.mean(np.square(centred.ref), [0, 2, 3], { keepdims: true });
    return centred
      .div(np.sqrt(variance.add(epsilon)))
      .mul(perChannel(scale))
      .add(perChannel(shift));
  }
  /** A last odd row or column is left out. */
  function maxPool(x) {
    const [n, c, h, w] = x.shape;
    const [rows, columns] = [Math.floor(h / 2), Math.floor(w / 2)];
    const even = x.slice([], [], [0, 2 * rows], [0, 2 * columns]);
    return np.max(even.reshape([n, c, rows, 2, columns, 2]), [3, 5]);
  }

  /** The logits; consumes its arguments. */
  function logits(images, v) {
    const parameters = v.values();
    const take = () => parameters.next().value;
    const convolution = (x, { padding, normalized }) => {
      const y = convolve(x, take(), padding);
      return normalized ? normalize(y, take(), take()) : y.add(perChannel(take()));
    };
    const apply = {
      conv: (x, layer) => maxPool(nn.relu(convolution(x, layer))),
      block: (x, { convolutions: [first, second, last], shortcut }) => {
        const inner = [first, second].reduce((y, layer) => nn.leakyRelu(convolution(y, layer), leak), x.ref);
        const sum = convolution(inner, last).add(convolution(x, shortcut));
        return maxPool(nn.leakyRelu(sum, leak));
      },
      average: (x) => np.mean(x, [2, 3]),
      dense: (x, { shape: [inputs] }) => np.matmul(x.reshape([-1, inputs]), take().transpose()).add(take()),
    };
    return network.layers.reduce((x, layer, k) => {
      const y = apply[layer.kind](x, layer);
      return layer.kind === 'dense' && k < network.layers.length - 1 ? nn.relu(y) : y;
    }, images);
  }

  /** Per-sample cross-entropy [batch]; consumes its arguments. */
  const crossEntropy = ({ images, labels }, v) => np.sum(nn.logSoftmax(logits(images, v), -1).mul(labels), -1).mul(-1);

  function batch({ images, labels }) {
    const oneHot = new Float32Array(network.batch * problem.classes);
    labels.forEach((label, row) => {
      oneHot[row * problem.classes + label] = 1;
    });
    return {
      images: np.array(images).reshape([network.batch, ...network.image]),
      labels: np.array(oneHot).reshape([network.batch, problem.classes]),
    };
  }

  const { train, validation, u, rows } = problem.data(network);
  const data = {
    train: batch(train),
    validation: batch(validation),
    weights: nn.sigmoid(np.array(Float32Array.from(rows, (row) => u[row]))),
  };

  const mean = (batch) => (v) => np.mean(crossEntropy(batch, v));
  const sumOfSquares = (arrays) => arrays.map((array) => np.sum(np.square(array))).reduce((a, b) => a.add(b));

  /** The value to be minimised and its gradient. Consumes v. */
  function sgdGradient(v, { train }) {
    return jax.valueAndGrad(mean(train))(v);
  }
  /** By forward-over-reverse: jitted reverse-over-reverse is wrong in jax-js 0.1.25 (derivatives/). */
  function penaltyGradient(v, { train, validation, weights }) {
    const lowerGradient = jax.grad((v) => np.mean(crossEntropy(train, v).mul(weights)));
    const [f, upper] = jax.valueAndGrad(mean(validation))(refs(v));
    const [lower, hessianVectorProduct] = jax.linearize(lowerGradient, [v]);
    const curved = hessianVectorProduct(refs(lower));
    const value = f.add(sumOfSquares(lower).mul(problem.gamma / 2));
    return [value, upper.map((d, i) => d.add(curved[i].mul(problem.gamma)))];
  }
  const valueAndGradient = step === 'sgd' ? sgdGradient : penaltyGradient;

  function sgdStep({ v }, data) {
    const [value, gradient] = valueAndGradient(refs(v), data);
    return [value, { v: v.map((p, i) => p.sub(gradient[i].mul(rate))) }];
  }
  function adamStep({ v, m, s, power1, power2 }, data) {
    const { beta1, beta2, epsilon } = problem.adam;
    const [value, gradient] = valueAndGradient(refs(v), data);
    const next1 = power1.mul(beta1);
    const next2 = power2.mul(beta2);
    const size = np.sqrt(np.subtract(1, next2.ref)).div(np.subtract(1, next1.ref)).mul(rate);
    const newM = m.map((p, i) => p.mul(beta1).add(gradient[i].ref.mul(1 - beta1)));
    const newS = s.map((p, i) => p.mul(beta2).add(np.square(gradient[i]).mul(1 - beta2)));
    const newV = v.map((p, i) => p.sub(newM[i].ref.mul(size.ref).div(np.sqrt(newS[i].ref).add(epsilon))));
    size.dispose();
    return [value, { v: newV, m: newM, s: newS, power1: next1, power2: next2 }];
  }
  const update = jax.jit(step === 'sgd' ? sgdStep : adamStep);

  const v = problem
    .initialWeights(network)
    .map(problem.toChannelsFirst)
    .map(({ shape, values }) => np.array(values).reshape(shape));
  const zeros = () => v.map((p) => np.zerosLike(p.ref));
  let state = step === 'sgd' ? { v } : { v, m: zeros(), s: zeros(), power1: np.array(1), power2: np.array(1) };

  return {
    versions: { 'jax-js': version },
    async check() {
      const [value, gradient] = jax.jit(valueAndGradient)(refs(state.v), jax.tree.ref(data));
      const norm = np.sqrt(gradient.map((array) => np.sum(np.square(array))).reduce((a, b) => a.add(b)));
      return { value: (await value.data())[0], gradientNorm: (await norm.data())[0] };
    },
    async run(count) {
      let value;
      for (let i = 0; i < count; i++) {
        value?.dispose();
        [value, state] = update(state, jax.tree.ref(data));
      }
      await jax.blockUntilReady(state);
      return (await value.data())[0];
    },
  };
}
