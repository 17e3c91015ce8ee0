// The operations of TensorFlow.js as small functions of one tensor, whose second derivatives are looked at.

const chosen = [0, 2, 1, 2];
const image = [1, 6, 6, 2];
/** Each function's f is a sum of cubes, so that nothing of its second derivative is left out. */
const cubed = (tf, y) => tf.sum(tf.mul(tf.mul(y, y), y));

const elementwise = [
  ...['abs', 'square', 'exp', 'expm1', 'log1p', 'sigmoid', 'logSigmoid', 'tanh', 'sin', 'cos', 'tan', 'atan', 'asinh'],
  ...['sinh', 'cosh', 'erf', 'relu', 'relu6', 'leakyRelu', 'elu', 'selu', 'softplus', 'softmax', 'logSoftmax'],
].map((name) => [name, [4, 3], (tf, x) => tf[name](x)]);
const positive = ['log', 'sqrt', 'rsqrt', 'reciprocal'].map((name) => [
  name,
  [4, 3],
  (tf, x) => tf[name](tf.add(tf.square(x), 0.5)),
]);

/** Name, shape of x, and y. */
export const operations = [
  ...elementwise,
  ...positive,
  ['add, sub, mul', [4, 3], (tf, x) => tf.mul(tf.add(x, 2), tf.sub(x, tf.mul(x, x)))],
  ['div', [4, 3], (tf, x) => tf.div(x, tf.add(tf.square(x), 1))],
  ['pow', [4, 3], (tf, x) => tf.pow(tf.add(tf.square(x), 0.5), 1.7)],
  ['maximum', [4, 3], (tf, x) => tf.maximum(x, tf.mul(x, 0.5))],
  ['clipByValue', [4, 3], (tf, x) => tf.clipByValue(x, -0.4, 0.4)],
  ['where', [4, 3], (tf, x) => tf.where(tf.greater(x, 0), x, tf.mul(x, 0.1))],
  ['prelu', [4, 3], (tf, x) => tf.prelu(x, tf.scalar(0.2))],
  ['sum', [4, 3], (tf, x) => tf.sum(x, 1)],
  ['mean', [4, 3], (tf, x) => tf.mean(x, 0)],
  ['max', [4, 3], (tf, x) => tf.max(x, 1)],
  ['prod', [4, 3], (tf, x) => tf.prod(tf.add(x, 2), 1)],
  ['cumsum', [4, 3], (tf, x) => tf.cumsum(x, 1)],
  ['norm', [4, 3], (tf, x) => tf.norm(x)],
  ['moments', [4, 3], (tf, x) => tf.moments(x, 0).variance],
  ['logSumExp', [4, 3], (tf, x) => tf.logSumExp(x, 1)],
  ['matMul', [4, 3], (tf, x) => tf.matMul(x, x, false, true)],
  ['reshape, transpose', [4, 3], (tf, x) => tf.transpose(tf.reshape(x, [6, 2]))],
  ['slice, concat', [4, 3], (tf, x) => tf.concat([tf.slice(x, [0, 0], [2, 3]), x], 0)],
  [
    'pad',
    [4, 3],
    (tf, x) =>
      tf.pad(x, [
        [1, 0],
        [0, 1],
      ]),
  ],
  ['tile', [4, 3], (tf, x) => tf.tile(x, [2, 1])],
  ['stack, unstack', [4, 3], (tf, x) => tf.stack(tf.unstack(x))],
  ['gather', [4, 3], (tf, x) => tf.gather(x, tf.tensor1d([0, 2, 0], 'int32'))],
  ['softmaxCrossEntropy', [4, 3], (tf, x) => tf.losses.softmaxCrossEntropy(labels(tf), x)],
  ['sigmoidCrossEntropy', [4, 3], (tf, x) => tf.losses.sigmoidCrossEntropy(labels(tf), x)],
  ['meanSquaredError', [4, 3], (tf, x) => tf.losses.meanSquaredError(tf.zeros([4, 3]), x)],
  ['conv2d in x', image, (tf, x) => tf.conv2d(x, weights(tf, [3, 3, 2, 2]), 1, 'same')],
  ['conv2d in its filter', [3, 3, 2, 2], (tf, x) => tf.conv2d(weights(tf, image), x, 1, 'valid')],
  [
    'conv2dTranspose in x',
    [1, 3, 3, 2],
    (tf, x) => tf.conv2dTranspose(x, weights(tf, [2, 2, 1, 2]), [1, 4, 4, 1], 1, 'valid'),
  ],
  ['depthwiseConv2d in its filter', [3, 3, 2, 1], (tf, x) => tf.depthwiseConv2d(weights(tf, image), x, 1, 'valid')],
  ['maxPool', image, (tf, x) => tf.maxPool(x, 2, 2, 'valid')],
  ['avgPool', image, (tf, x) => tf.avgPool(x, 2, 2, 'valid')],
  ['batchNorm', [4, 3], (tf, x) => tf.batchNorm(x, tf.zeros([3]), tf.ones([3]), tf.zeros([3]), tf.ones([3]))],
  ['image.resizeBilinear', image, (tf, x) => tf.image.resizeBilinear(x, [8, 8])],
].map(([name, shape, y]) => ({ name, shape, f: (tf, x) => cubed(tf, y(tf, x)) }));

const labels = (tf) => tf.oneHot(tf.tensor1d(chosen, 'int32'), 3);
const weights = (tf, shape) => tf.sin(tf.reshape(tf.range(1, 1 + shape.reduce((a, b) => a * b)), shape));
