import { load } from '../contenders/jax-js.mjs';

/** @param {boolean} jitted */
export async function engine(jitted) {
  const { jax } = await load();
  const { numpy: np, lax, nn } = jax;
  const channelsFirst = (x) => x.transpose([0, 3, 1, 2]);
  const windows = (x) => {
    const [n, h, w, c] = x.shape;
    return x.reshape([n, h / 2, 2, w / 2, 2, c]);
  };
  const op = {
    sum: np.sum,
    relu: nn.relu,
    softplus: nn.softplus,
    exp: np.exp,
    tanh: np.tanh,
    sigmoid: nn.sigmoid,
    softmax: nn.softmax,
    logSoftmax: nn.logSoftmax,
    matmul: np.matmul,
    cube: (x) => np.square(x.ref).mul(x),
    constant: ({ shape, data }) => np.array(data).reshape(shape),
    conv: (image, filter) =>
      lax.convGeneralDilated(channelsFirst(op.constant(image)), filter.transpose([3, 2, 0, 1]), [1, 1], 'VALID'),
    maxPool: (x) => np.max(windows(x), [2, 4]),
    averagePool: (x) => np.mean(windows(x), [2, 4]),
    crossEntropy: (x, labels) =>
      np.mean(np.sum(nn.logSoftmax(x).mul(nn.oneHot(np.array(labels, { dtype: np.int32 }), 3)), -1)).mul(-1),
  };
  return {
    async evaluate(f, scalar, shape, point, weights) {
      const w = np.array(weights).reshape(shape);
      const first = jax.grad((x) => f(op, x));
      const value = (x) => np.sum(scalar === 'inner' ? first(x).mul(w.ref) : np.square(first(x)));
      const second = jitted ? jax.jit(jax.grad(value)) : jax.grad(value);
      const x = np.array(point).reshape(shape);
      return { value: (await value(x.ref).data())[0], gradient: async () => second(x).data() };
    },
  };
}
