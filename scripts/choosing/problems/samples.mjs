// Samples and features that are learned themselves: distilled pictures, poisoned samples, an embedding for few shots.
import { sets } from '../../../dist/lib/bilevel/index.js';
import { add, constant, crossEntropy, matmul, mean, mul, neg, reshape, tanh } from '../../../dist/lib/graph/index.js';
import { Tensor } from '../../../dist/lib/tensor.js';
import { classLoss, column, decay, logLoss } from './costs.mjs';
import { classified, dense, digits, filled, linear, pictures, pixels, signed, zeros } from './data.mjs';
import { define } from './define.mjs';

const distillation = define({
  name: 'distillation',
  title: 'softmax regression on 10 pictures that are learned, a digit of each class at the start',
  budget: 8000,
  data: async () => {
    const [validation, others] = await digits('distillation', 200, 100);
    const rows = Array.from({ length: 10 }, (_, label) => others.images[others.classes.indexOf(label)]);
    return {
      validation: pictures(validation),
      start: classified(rows, [...rows.keys()]),
    };
  },
  statement: ({ start }) => ({
    upper: { pictures: start.x },
    lower: { v: zeros(pixels, 10) },
    sets: { upper: { pictures: sets.box(0, 1) } },
    f: ({ v, validation: { x, y } }) => classLoss(matmul(x, v.v), y),
    g: ({ u, v, start: { y } }) => add(classLoss(matmul(u.pictures, v.v), y), decay(0.05, v)),
  }),
});

const poisons = 12;

const poisoning = define({
  name: 'poisoning',
  title: `logistic regression with ${poisons} samples that are moved so that its loss on others is largest`,
  budget: 12_000,
  data: async () => ({
    train: signed(linear('poisoning', 80, 10, 1)),
    validation: signed(linear('poisoning, others', 80, 10, 1)),
  }),
  statement: () => ({
    upper: { moved: filled([poisons, 10], 0) },
    lower: { v: zeros(10) },
    sets: { upper: { moved: sets.box(-3, 3) } },
    f: ({ v, validation: { x, y } }) => neg(logLoss(column(x, v.v), y)),
    g: ({ u, v, train: { x, y } }) => {
      const labels = constant(
        Float32Array.from({ length: poisons }, (_, i) => (i % 2 === 0 ? 1 : -1)),
        [poisons],
      );
      const both = add(mul(80, logLoss(column(x, v.v), y)), mul(poisons, logLoss(column(u.moved, v.v), labels)));
      return add(mul(1 / (80 + poisons), both), decay(0.02, v));
    },
  }),
});

const adversary = define({
  name: 'adversary',
  title: 'softmax regression on digits, changes of its pictures by at most 0.2 so that its loss on others is largest',
  budget: 12_000,
  holdout: true,
  data: async () => {
    const [train, validation] = await digits('adversary', 60, 150);
    return { train: pictures(train), validation: pictures(validation) };
  },
  statement: () => ({
    upper: { change: zeros(60, pixels) },
    lower: { v: zeros(pixels, 10) },
    sets: { upper: { change: sets.box(-0.2, 0.2) } },
    f: ({ v, validation: { x, y } }) => neg(classLoss(matmul(x, v.v), y)),
    g: ({ u, v, train: { x, y } }) => add(classLoss(matmul(add(x, u.change), v.v), y), decay(0.05, v)),
  }),
});

const tasks = 8;
const ways = 4;
const features = 16;

const fewShot = define({
  name: 'few shots',
  title: `${tasks} tasks of ${ways} classes of digits with 3 samples each: an embedding for the last layers of all tasks`,
  budget: 8000,
  data: async () => {
    const [all] = await digits('few shots', 600);
    const byClass = Array.from({ length: 10 }, (_, label) => all.images.filter((_, row) => all.classes[row] === label));
    const part = (from, count) => {
      const x = [];
      const y = [];
      for (let task = 0; task < tasks; task++) {
        for (let way = 0; way < ways; way++) {
          const images = byClass[(task * 3 + way * (1 + (task % 2))) % 10];
          for (let shot = 0; shot < count; shot++) {
            x.push(images[(task * 10 + from + shot) % images.length]);
            y.push(way);
          }
        }
      }
      return classified(x, y);
    };
    const whole = ({ x, y }, count) => ({
      x: Tensor.from(x.data, [tasks, ways * count, pixels]),
      y: Tensor.from(y.data, [tasks, ways * count]),
    });
    return { support: whole(part(0, 3), 3), query: whole(part(3, 6), 6) };
  },
  statement: () => {
    const cost = (u, v, { x, y }) => {
      const [count, rows] = y.shape;
      const embedded = tanh(matmul(reshape(x, [count * rows, pixels]), u.embedding));
      const logits = matmul(reshape(embedded, [count, rows, features]), v.heads);
      return mean(crossEntropy(reshape(logits, [count * rows, ways]), reshape(y, [count * rows])));
    };
    return {
      upper: { embedding: dense('few shots', pixels, features) },
      lower: { heads: zeros(tasks, features, ways) },
      f: ({ u, v, query }) => cost(u, v, query),
      g: ({ u, v, support }) => add(cost(u, v, support), decay(0.01, v)),
    };
  },
});

export const learnedSamples = [distillation, poisoning, adversary, fewShot];
