// jax-js on its WebAssembly device, one jitted function a step. Every use of an array but the last takes `.ref`, which is
// how jax-js counts owners.
import { readFile } from 'node:fs/promises';
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
  const layers = problem.networks[name];
  const { jax, version } = await load();
  const { numpy: np, lax, nn } = jax;

  /** Consumes its arguments. */
  function network(images, v) {
    return layers.reduce((x, { kind, shape, padding }, k) => {
      const [weight, bias] = [v[2 * k], v[2 * k + 1]];
      if (kind === 'conv') {
        const sides = [
          [padding, padding],
          [padding, padding],
        ];
        const y = nn.relu(lax.convGeneralDilated(x, weight, [1, 1], sides).add(bias.reshape([-1, 1, 1])));
        const [n, c, h, w] = y.shape;
        return np.max(y.reshape([n, c, h / 2, 2, w / 2, 2]), [3, 5]);
      }
      const y = np.matmul(x.reshape([-1, shape[0]]), weight.transpose()).add(bias);
      return k < layers.length - 1 ? nn.relu(y) : y;
    }, images);
  }

  /** Per-sample cross-entropy [batch]; consumes its arguments. */
  const crossEntropy = ({ images, labels }, v) => np.sum(nn.logSoftmax(network(images, v), -1).mul(labels), -1).mul(-1);

  function batch({ images, labels }) {
    const oneHot = new Float32Array(problem.batchSize * problem.classes);
    labels.forEach((label, row) => {
      oneHot[row * problem.classes + label] = 1;
    });
    return {
      images: np.array(images).reshape([problem.batchSize, 1, 28, 28]),
      labels: np.array(oneHot).reshape([problem.batchSize, problem.classes]),
    };
  }

  const { train, validation, u, rows } = problem.data();
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
    return [value, { v: v.map((p, i) => p.sub(gradient[i].mul(problem.rate))) }];
  }
  function adamStep({ v, m, s, power1, power2 }, data) {
    const { beta1, beta2, epsilon } = problem.adam;
    const [value, gradient] = valueAndGradient(refs(v), data);
    const next1 = power1.mul(beta1);
    const next2 = power2.mul(beta2);
    const size = np.sqrt(np.subtract(1, next2.ref)).div(np.subtract(1, next1.ref)).mul(problem.rate);
    const newM = m.map((p, i) => p.mul(beta1).add(gradient[i].ref.mul(1 - beta1)));
    const newS = s.map((p, i) => p.mul(beta2).add(np.square(gradient[i]).mul(1 - beta2)));
    const newV = v.map((p, i) => p.sub(newM[i].ref.mul(size.ref).div(np.sqrt(newS[i].ref).add(epsilon))));
    size.dispose();
    return [value, { v: newV, m: newM, s: newS, power1: next1, power2: next2 }];
  }
  const update = jax.jit(step === 'sgd' ? sgdStep : adamStep);

  const shapeOf = ({ kind, shape: s }) => (kind === 'conv' ? [s[3], s[2], s[0], s[1]] : [s[1], s[0]]);
  const v = problem
    .toChannelsFirst(layers, problem.initialWeights(layers))
    .flatMap(({ weight, bias }, k) => [np.array(weight).reshape(shapeOf(layers[k])), np.array(bias)]);
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
