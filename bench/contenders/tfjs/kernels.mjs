// Kernels that a backend of tfjs lacks, or has as plain loops, written with those that it has fast. For matrices, and
// for convolutions with strides of 1 and filters of odd size. Without them, a step on the wasm backend takes two to six
// times as long where it works at all, and a filter's gradient on the cpu backend takes ten seconds.

/** Lets `make(call, own)` do what the kernel `own` of that name did. */
function replace(tf, kernelName, make) {
  const backendName = tf.getBackend();
  const own = tf.getKernel(kernelName, backendName)?.kernelFunc;
  if (own) tf.unregisterKernel(kernelName, backendName);
  tf.registerKernel({ kernelName, backendName, kernelFunc: (call) => tf.tidy(() => make(call, own)) });
}

const half = (size) => (size - 1) / 2;

function padded(tf, x, rows) {
  const edge = [rows, rows];
  return rows > 0 ? tf.pad(x, [[0, 0], edge, edge, [0, 0]]) : x;
}

/**
 * The gradient in a filter as a convolution of the images with the gradient, in which batch and channels change places.
 */
function filterGradient(tf) {
  replace(tf, 'Conv2DBackpropFilter', ({ inputs: { x, dy }, attrs: { pad, filterShape } }) => {
    const images = tf.transpose(padded(tf, x, pad === 'same' ? half(filterShape[0]) : 0), [3, 1, 2, 0]);
    return tf.transpose(tf.conv2d(images, tf.transpose(dy, [1, 2, 0, 3]), 1, 'valid'), [1, 2, 0, 3]);
  });
}

/** The gradient in the images as a convolution with the turned filter. */
function imageGradient(tf) {
  replace(tf, 'Conv2DBackpropInput', ({ inputs: { dy, filter }, attrs: { pad } }) => {
    const size = filter.shape[0];
    const turned = tf.transpose(tf.reverse(filter, [0, 1]), [0, 1, 3, 2]);
    return tf.conv2d(padded(tf, dy, pad === 'same' ? half(size) : size - 1), turned, 1, 'valid');
  });
}

/** Products with a transposed factor are loops in the wasm backend, and other products XNNPACK's. */
function transposedProducts(tf) {
  replace(tf, 'BatchMatMul', ({ inputs: { a, b }, attrs: { transposeA, transposeB }, backend }, own) => {
    const inputs = { a: transposeA ? tf.transpose(a) : a, b: transposeB ? tf.transpose(b) : b };
    const result = own({ inputs, backend, attrs: { transposeA: false, transposeB: false } });
    return tf.engine().makeTensorFromTensorInfo(result);
  });
}

const missing = { cpu: [filterGradient], wasm: [filterGradient, imageGradient, transposedProducts], tensorflow: [] };

export function registerKernels(tf) {
  for (const register of missing[tf.getBackend()]) register(tf);
}
