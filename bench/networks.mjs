// The networks that are timed, as lists of layers that every contender builds from its own operations.

/** `channels`: for a layer behind convolutions, whose inputs are (height, width, channel) flattened. */
export const dense = (inputs, outputs, channels = 1) => ({ kind: 'dense', shape: [inputs, outputs], channels });
/** Followed by ReLU and a max-pool of 2. Shape: height, width, input channels, output channels. */
const conv = (size, inputs, outputs, padding) => ({ kind: 'conv', shape: [size, size, inputs, outputs], padding });
/** As `conv`, with batch normalization by the statistics of the batch in place of a bias; keeps the size. */
const normalized = (size, inputs, outputs) => ({
  ...conv(size, inputs, outputs, (size - 1) / 2),
  normalized: true,
});
/**
 * The convolutions with leaky ReLU between them and no pools; the last one's sum with the shortcut is followed by leaky
 * ReLU and a max-pool of 2.
 */
const block = (inputs, outputs) => ({
  kind: 'block',
  convolutions: [inputs, outputs, outputs].map((channels) => normalized(3, channels, outputs)),
  shortcut: normalized(1, inputs, outputs),
});
/** The mean of each channel. */
const average = { kind: 'average' };

const mlp = [dense(784, 300), dense(300, 100), dense(100, 10)];
const lenet = [conv(5, 1, 6, 2), conv(5, 6, 16, 0), dense(400, 120, 16), dense(120, 84), dense(84, 10)];
const conv4 = (channels, area) => [
  ...[channels, 64, 64, 64].map((inputs) => normalized(3, inputs, 64)),
  dense(64 * area, 10, 64),
];

const small = [1, 28, 28];
const large = [3, 84, 84];

/**
 * In the order of the arithmetic of their steps. `batch` samples of shape `image` (channels, height, width). ReLU
 * stands between dense layers. `model` is the network's file in models/, where it has one. `rate` is smaller than the
 * problem's where |grad g| is so steep that the checked updates would magnify the rounding of float32.
 */
export const networks = {
  logreg: { batch: 200, image: small, layers: [dense(784, 10)], model: 'logreg' },
  'mlp-25': { batch: 25, image: small, layers: mlp, model: 'mlp' },
  'lenet-25': { batch: 25, image: small, layers: lenet, model: 'lenet' },
  mlp: { batch: 200, image: small, layers: mlp, model: 'mlp' },
  lenet: { batch: 200, image: small, layers: lenet, model: 'lenet' },
  'conv4-28': { batch: 25, image: small, layers: conv4(1, 1), rate: 1e-5 },
  'conv4-84': { batch: 25, image: large, layers: conv4(3, 25), rate: 1e-5 },
  'mnist-cnn': {
    batch: 200,
    image: small,
    layers: [conv(5, 1, 64, 0), conv(5, 64, 128, 0), dense(2048, 512, 128), dense(512, 256), dense(256, 10)],
    model: 'mnist-cnn',
  },
  'resnet12-84': {
    batch: 10,
    image: large,
    layers: [block(3, 64), block(64, 128), block(128, 256), block(256, 512), average, dense(512, 10)],
    rate: 1e-5,
  },
};

/** Below zero, the slope of leaky ReLU. */
export const leak = 0.1;
/** What batch normalization adds to the biased variance. */
export const epsilon = 1e-5;

/** The layers that have parameters, in the order of their use, a block's shortcut last. */
export const weighted = (layers) =>
  layers.flatMap((layer) => {
    if (layer.kind === 'block') return [...layer.convolutions, layer.shortcut];
    return layer.kind === 'average' ? [] : [layer];
  });
