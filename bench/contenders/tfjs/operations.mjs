// The operations that networks are made of, composed so that tfjs can differentiate them twice. Its own lose every
// second-order term that goes through a saved output (log-softmax), or have gradients without a gradient (max-pool,
// convolution, comparisons): derivatives/ shows which. For first derivatives these are no slower than its own: in
// tfjs-node, the only backend that has a kernel for all of those, minima of 25 steps were 2.3 against 2.5 ms for
// mlp-25, 6.3 against 6.6 for lenet-25 and 35 against 50 for conv4-28.

/** A function of x that multiplies by a `slope(x)` which has no derivative of its own. */
const piecewiseLinear = (tf, apply, slope) =>
  tf.customGrad((x, save) => {
    save([slope(x)]);
    return { value: apply(x), gradFunc: (dy, [slopes]) => tf.mul(dy, slopes) };
  });

/** Registers what tfjs lacks for convolutions; for strides of 1. */
function registerConvolutionGradient(tf) {
  tf.registerGradient({
    kernelName: 'Conv2DBackpropFilter',
    inputsToSave: ['x', 'dy'],
    gradFunc: (direction, [x, dy], { strides, pad }) => ({
      x: () => tf.conv2dTranspose(dy, direction, x.shape, strides, pad),
      dy: () => tf.conv2d(x, direction, strides, pad),
    }),
  });
}

function maxPoolOf(tf, positive) {
  const enlarged = (x) => tf.image.resizeNearestNeighbor(x, [2 * x.shape[1], 2 * x.shape[2]]);
  const spread = tf.customGrad((x) => ({
    value: enlarged(x),
    gradFunc: (dy) => tf.mul(4, tf.avgPool(dy, 2, 2, 'valid')),
  }));
  const ofEven = tf.customGrad((x, save) => {
    const y = tf.maxPool(x, 2, 2, 'valid');
    save([tf.sub(1, positive(tf.sub(enlarged(y), x)))]);
    return { value: y, gradFunc: (dy, [chosen]) => tf.mul(spread(dy), chosen) };
  });
  /** A last odd row or column is left out. */
  return (x) => {
    const [n, h, w, c] = x.shape;
    return ofEven(h % 2 || w % 2 ? tf.slice(x, [0, 0, 0, 0], [n, h - (h % 2), w - (w % 2), c]) : x);
  };
}

/** For images [batch, height, width, channels] and one-hot labels; cross-entropies are one per sample. */
export function operationsOf(tf, epsilon) {
  registerConvolutionGradient(tf);
  // Of x >= 0. In the backend of tfjs-node `step` is five TensorFlow operations, and elsewhere `sign` is the slower
  // one.
  const positive = tf.getBackend() === 'tensorflow' ? tf.sign : tf.step;
  const logSumExp = tf.customGrad((z, save) => {
    save([z]);
    return { value: tf.logSumExp(z, -1), gradFunc: (dy, [z]) => tf.mul(tf.expandDims(dy, -1), softmax(z)) };
  });
  const softmax = (z) => tf.exp(tf.sub(z, tf.expandDims(logSumExp(z), -1)));
  return {
    relu: piecewiseLinear(tf, tf.relu, (x) => positive(tf.relu(x))),
    leakyRelu: (x, leak) =>
      piecewiseLinear(
        tf,
        (x) => tf.leakyRelu(x, leak),
        (x) => tf.add(leak, tf.mul(1 - leak, positive(tf.relu(x)))),
      )(x),
    maxPool: maxPoolOf(tf, positive),
    normalize(x, scale, shift) {
      const centred = tf.sub(x, tf.mean(x, [0, 1, 2]));
      const variance = tf.mean(tf.square(centred), [0, 1, 2]);
      return tf.add(tf.mul(centred, tf.div(scale, tf.sqrt(tf.add(variance, epsilon)))), shift);
    },
    crossEntropy: (labels, z) => tf.sub(logSumExp(z), tf.sum(tf.mul(labels, z), -1)),
  };
}
