// What training samples, classes and sources count: u weighs or mends the loss, f is that of few clean samples.
import { perSample, sets } from '../../../dist/lib/bilevel/index.js';
import * as graph from '../../../dist/lib/graph/index.js';
import { Tensor } from '../../../dist/lib/tensor.js';
import { classLoss, column, decay, hidden, perceptron, squaredLoss } from './costs.mjs';
import {
  classified,
  dense,
  digits,
  filled,
  indices,
  linear,
  measured,
  noisy,
  normals,
  pictures,
  pixels,
  zeros,
} from './data.mjs';
import { define } from './define.mjs';

const {
  add,
  conv,
  crossEntropy,
  exp,
  gather,
  logSoftmax,
  matmul,
  mean,
  mul,
  reduceSum,
  relu,
  reshape,
  sigmoid,
  softmax,
  square,
  sub,
} = graph;

/** Digits of which a share of the training labels is wrong, and clean ones. */
const mislabelled = (stream, train, validation, share) => async () => {
  const [first, second] = await digits(stream, train, validation);
  return {
    train: classified(first.images, noisy(`${stream}, noise`, first.classes, share)),
    validation: pictures(second),
  };
};

const cleaning = define({
  name: 'cleaning',
  title: 'softmax regression on digits with 40 % wrong labels, a weight for each sample; mini-batches',
  budget: 8000,
  batches: { train: 100, validation: 100 },
  data: mislabelled('cleaning', 400, 200, 0.4),
  statement: () => ({
    upper: { weight: perSample(zeros(400), 'train') },
    lower: { v: zeros(pixels, 10) },
    f: ({ v, validation: { x, y } }) => classLoss(matmul(x, v.v), y),
    g: ({ u, v, train: { x, y } }) =>
      add(mean(mul(sigmoid(u.weight), crossEntropy(matmul(x, v.v), y))), decay(0.01, v)),
  }),
});

const cleaningPerceptron = define({
  name: 'perceptron',
  title: 'perceptron on digits with 40 % wrong labels, a weight from 0 to 1 for each sample; mini-batches',
  budget: 8000,
  batches: { train: 100, validation: 100 },
  data: mislabelled('perceptron', 400, 200, 0.4),
  statement: () => ({
    upper: { weight: perSample(filled([400], 0.5), 'train') },
    lower: { first: dense('perceptron, first', pixels, hidden), second: dense('perceptron, second', hidden, 10) },
    sets: { upper: { weight: sets.box(0, 1) } },
    f: ({ v, validation: { x, y } }) => classLoss(perceptron(v, x), y),
    g: ({ u, v, train: { x, y } }) => add(mean(mul(u.weight, crossEntropy(perceptron(v, x), y))), decay(0.002, v)),
  }),
});

const sourceCount = 4;

/** A small convolutional network for pictures of 14 x 14. */
function convolutional(v, x) {
  const images = reshape(x, [x.shape[0], 1, 14, 14]);
  const first = relu(conv(images, v.first, { strides: [2, 2] }));
  const second = relu(conv(first, v.second, { strides: [2, 2] }));
  return matmul(reshape(second, [x.shape[0], 8 * 2 * 2]), v.last);
}

const mixture = define({
  name: 'convolutions',
  title:
    'convolutional network on digits of 4 sources with 0 to 90 % wrong labels, a weight for each source; mini-batches',
  budget: 4000,
  batches: { train: 100, validation: 100 },
  data: async () => {
    const [validation, ...parts] = await digits('mixture', 200, 100, 100, 100, 100);
    const labels = parts.flatMap(({ classes }, at) => noisy(`mixture ${at}`, classes, 0.3 * at));
    const source = indices(parts.flatMap(({ classes }, at) => classes.map(() => at)));
    return {
      train: {
        ...classified(
          parts.flatMap(({ images }) => images),
          labels,
        ),
        source,
      },
      validation: pictures(validation),
    };
  },
  statement: () => ({
    upper: { source: zeros(sourceCount) },
    lower: {
      first: normals('mixture, first', [6, 1, 5, 5], 0.2),
      second: normals('mixture, second', [8, 6, 3, 3], 0.2),
      last: normals('mixture, last', [32, 10], 0.2),
    },
    f: ({ v, validation: { x, y } }) => classLoss(convolutional(v, x), y),
    g: ({ u, v, train: { x, y, source } }) => {
      const weights = mul(sourceCount, gather(softmax(u.source), source));
      return add(mean(mul(weights, crossEntropy(convolutional(v, x), y))), decay(0.02, v));
    },
  }),
});

const classWeights = define({
  name: 'classes',
  title: 'softmax regression on digits of which some classes are rare, a weight for the loss of each class',
  budget: 8000,
  data: async () => {
    const [all, validation] = await digits('classes', 700, 200);
    const kept = all.classes.map((label, row) => row % (1 + 2 * label) === 0);
    const ofKept = (values) => values.filter((_, row) => kept[row]);
    return { train: classified(ofKept(all.images), ofKept(all.classes)), validation: pictures(validation) };
  },
  statement: () => ({
    upper: { weight: zeros(10) },
    lower: { v: zeros(pixels, 10) },
    f: ({ v, validation: { x, y } }) => classLoss(matmul(x, v.v), y),
    g: ({ u, v, train: { x, y } }) =>
      add(mean(mul(exp(gather(u.weight, y)), crossEntropy(matmul(x, v.v), y))), decay(0.01, v)),
  }),
});

const softLabels = define({
  name: 'soft labels',
  title: 'softmax regression on digits with 40 % wrong labels, which classes each given label stands for',
  budget: 8000,
  holdout: true,
  data: async () => {
    const [train, validation] = await digits('soft labels', 400, 150);
    const isWrong = noisy('soft labels, noise', new Array(400).fill(0), 0.4, 2);
    const given = train.classes.map((label, row) => (label + isWrong[row]) % 10);
    return { train: classified(train.images, given), validation: pictures(validation) };
  },
  statement: () => ({
    upper: {
      meaning: Tensor.from(
        Float32Array.from({ length: 100 }, (_, i) => (i % 11 === 0 ? 4 : 0)),
        [10, 10],
      ),
    },
    lower: { v: zeros(pixels, 10) },
    f: ({ v, validation: { x, y } }) => classLoss(matmul(x, v.v), y),
    g: ({ u, v, train: { x, y } }) => {
      const targets = gather(softmax(u.meaning), y);
      return sub(decay(0.01, v), mul(1 / 400, reduceSum(mul(targets, logSoftmax(matmul(x, v.v))))));
    },
  }),
});

const sourceWeights = define({
  name: 'sources',
  title: 'ridge regression on 5 sources of different noise, a weight for each source',
  budget: 20_000,
  holdout: true,
  data: async () => {
    const parts = [0.1, 0.5, 2, 8, 20].map((noise, at) => linear(`source ${at}`, 12, 30, noise));
    const { rows, values } = linear('sources, others', 60, 30, 0.5);
    return {
      train: {
        ...measured(
          parts.flatMap((part) => part.rows),
          parts.flatMap((part) => part.values),
        ),
        source: indices(parts.flatMap((part, at) => part.rows.map(() => at))),
      },
      validation: measured(rows, values),
    };
  },
  statement: () => ({
    upper: { weight: zeros(5) },
    lower: { v: zeros(30) },
    f: ({ v, validation: { x, y } }) => squaredLoss(column(x, v.v), y),
    g: ({ u, v, train: { x, y, source } }) =>
      add(mul(0.5, mean(mul(exp(gather(u.weight, source)), square(sub(column(x, v.v), y))))), decay(0.1, v)),
  }),
});

export const dataWeights = [cleaning, cleaningPerceptron, mixture, classWeights, softLabels, sourceWeights];
