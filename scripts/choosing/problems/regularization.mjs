// Penalties of features and layers: u is the logarithm of each, and the lower level a regularized regression.
import { add, exp, matmul, mul, reduceSum, slice, square } from '../../../dist/lib/graph/index.js';
import { classLoss, column, hidden, logLoss, perceptron, ridgeTerm, squaredLoss } from './costs.mjs';
import { dense, digits, filled, letters, linear, measured, pictures, pixels, signed, zeros } from './data.mjs';
import { define } from './define.mjs';

const words = 120;

const spamFilter = (name, start, holdout = false) =>
  define({
    name,
    title: `spam filter, a penalty for each of ${words} words, ${start} at the start`,
    budget: 20_000,
    holdout,
    data: async () => {
      const of = ({ rows, labels }) => measured(rows, labels);
      return { train: of(letters('letters', 150, words)), validation: of(letters('other letters', 150, words)) };
    },
    statement: () => ({
      upper: { penalty: filled([words], Math.log(start)) },
      lower: { v: zeros(words) },
      f: ({ v, validation: { x, y } }) => logLoss(column(x, v.v), y),
      g: ({ u, v, train: { x, y } }) => add(logLoss(column(x, v.v), y), ridgeTerm(u.penalty, v.v)),
    }),
  });

const ridge = define({
  name: 'ridge',
  title: 'ridge regression, a penalty for each of 40 features',
  budget: 20_000,
  data: async () => {
    const of = ({ rows, values }) => measured(rows, values);
    return { train: of(linear('ridge', 50, 40, 1)), validation: of(linear('ridge, others', 50, 40, 1)) };
  },
  statement: () => ({
    upper: { penalty: filled([40], 0) },
    lower: { v: zeros(40) },
    f: ({ v, validation: { x, y } }) => squaredLoss(column(x, v.v), y),
    g: ({ u, v, train: { x, y } }) => add(squaredLoss(column(x, v.v), y), ridgeTerm(u.penalty, v.v)),
  }),
});

const logistic = define({
  name: 'logistic',
  title: 'logistic regression, a penalty for each of 60 features',
  budget: 20_000,
  data: async () => ({
    train: signed(linear('logistic', 100, 60, 2)),
    validation: signed(linear('logistic, others', 100, 60, 2)),
  }),
  statement: () => ({
    upper: { penalty: filled([60], Math.log(1e-3)) },
    lower: { v: zeros(60) },
    f: ({ v, validation: { x, y } }) => logLoss(column(x, v.v), y),
    g: ({ u, v, train: { x, y } }) => add(logLoss(column(x, v.v), y), ridgeTerm(u.penalty, v.v)),
  }),
});

const digitSets = (stream, train, validation) => async () => {
  const [first, second] = await digits(stream, train, validation);
  return { train: pictures(first), validation: pictures(second) };
};

const pixelPenalties = define({
  name: 'pixels',
  title: 'softmax regression on digits, a penalty for each of 196 pixels',
  budget: 8000,
  holdout: true,
  data: digitSets('pixels', 150, 150),
  statement: () => ({
    upper: { penalty: filled([pixels, 1], Math.log(1e-3)) },
    lower: { v: zeros(pixels, 10) },
    f: ({ v, validation: { x, y } }) => classLoss(matmul(x, v.v), y),
    g: ({ u, v, train: { x, y } }) => add(classLoss(matmul(x, v.v), y), ridgeTerm(u.penalty, v.v)),
  }),
});

const units = define({
  name: 'units',
  title: 'perceptron on digits, a penalty for each hidden unit and for the last layer',
  budget: 8000,
  data: digitSets('units', 150, 200),
  statement: () => ({
    upper: { penalty: filled([hidden + 1], Math.log(1e-4)) },
    lower: { first: dense('units, first', pixels, hidden), second: dense('units, second', hidden, 10) },
    f: ({ v, validation: { x, y } }) => classLoss(perceptron(v, x), y),
    g: ({ u, v, train: { x, y } }) => {
      const [unit, last] = [
        [0, hidden],
        [hidden, hidden + 1],
      ].map(([from, to]) => exp(slice(u.penalty, { starts: [from], limits: [to] })));
      const terms = add(reduceSum(mul(unit, square(v.first))), reduceSum(mul(last, square(v.second))));
      return add(classLoss(perceptron(v, x), y), mul(0.5, terms));
    },
  }),
});

export const regularization = [
  spamFilter('spam 1e-4', 1e-4),
  spamFilter('spam 1e-2', 1e-2),
  spamFilter('spam 1', 1, true),
  ridge,
  logistic,
  pixelPenalties,
  units,
];
