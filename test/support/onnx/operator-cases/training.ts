import { bools, int64s } from '../builder.js';
import { between, type OperatorCase, random } from '../operator-case.js';
import { scalar } from './common.js';

export const loss: readonly OperatorCase[] = [
  ...['NegativeLogLikelihoodLoss', 'SoftmaxCrossEntropyLoss'].flatMap((op): OperatorCase[] => [
    ...['mean', 'sum', 'none'].flatMap((reduction): OperatorCase[] => [
      {
        op,
        note: reduction,
        opsets: [12, 13],
        inputs: [random([4, 3]), int64s([0, 2, 1, 2])],
        attributes: { reduction },
      },
      {
        op,
        note: `${reduction} with weights and ignored labels`,
        opsets: [13],
        inputs: [random([2, 3, 4]), int64s([0, 2, 1, 2, 1, 1, 0, 2], [2, 4]), between(0.2, 2, [3])],
        attributes: { reduction, ignore_index: 1 },
      },
    ]),
    {
      op,
      note: 'ignored label outside the classes',
      opsets: [13],
      inputs: [random([4, 3]), int64s([0, -100, 1, 2])],
      attributes: { ignore_index: -100 },
    },
  ]),
  {
    op: 'SoftmaxCrossEntropyLoss',
    note: 'log-probabilities',
    opsets: [13],
    inputs: [random([4, 3]), int64s([0, 2, 1, 2])],
    outputs: 2,
  },
];

export const dropout: readonly OperatorCase[] = [
  { op: 'Dropout', note: 'inference', opsets: [9, 10], inputs: [random([5])], attributes: { ratio: { float: 0.5 } } },
  { op: 'Dropout', note: 'inference', opsets: [12, 13, 22], inputs: [random([5]), scalar(0.5), bools([0], [])] },
];
