import { tensor } from '../builder.js';
import { between, type OperatorCase, random } from '../operator-case.js';
import { image } from './common.js';

export const normalization: readonly OperatorCase[] = [
  {
    op: 'BatchNormalization',
    opsets: [7, 9, 14, 15],
    inputs: [image, random([3]), random([3], 1), random([3], 0.5), between(0.5, 2, [3])],
    attributes: { epsilon: { float: 0.01 } },
  },
  {
    op: 'BatchNormalization',
    note: 'of a matrix',
    opsets: [9, 15],
    inputs: [random([5, 3]), random([3]), random([3], 1), random([3], 0.5), between(0.5, 2, [3])],
  },
  {
    op: 'BatchNormalization',
    note: 'training form',
    opsets: [14, 15],
    inputs: [image, random([3]), random([3], 1), random([3], 0.5), between(0.5, 2, [3])],
    attributes: { training_mode: 1, momentum: { float: 0.7 } },
    outputs: 3,
  },
  { op: 'LayerNormalization', opsets: [17], inputs: [random([2, 3, 4]), random([4]), random([4], 1)] },
  {
    op: 'LayerNormalization',
    note: 'axis 1',
    opsets: [17],
    inputs: [random([2, 3, 4]), random([3, 4])],
    attributes: { axis: 1, epsilon: { float: 0.1 } },
  },
  {
    op: 'InstanceNormalization',
    opsets: [9, 22],
    inputs: [image, random([3]), random([3], 1)],
    attributes: { epsilon: { float: 0.1 } },
  },
  {
    op: 'GroupNormalization',
    opsets: [18],
    inputs: [random([2, 6, 4]), random([3]), random([3], 1)],
    attributes: { num_groups: 3 },
  },
  {
    op: 'GroupNormalization',
    opsets: [21],
    inputs: [random([2, 6, 4]), random([6]), random([6], 1)],
    attributes: { num_groups: 3 },
  },
  { op: 'RMSNormalization', opsets: [23], inputs: [random([2, 3, 4]), random([4])] },
  {
    op: 'RMSNormalization',
    note: 'axis 1',
    opsets: [23],
    inputs: [random([2, 3, 4]), random([3, 4])],
    attributes: { axis: 1, epsilon: { float: 0.1 } },
  },
  { op: 'LpNormalization', opsets: [9], inputs: [random([3, 4])] },
  { op: 'LpNormalization', note: 'p = 1', opsets: [9], inputs: [random([3, 4])], attributes: { axis: 0, p: 1 } },
  ...[1, 2].map(
    (p): OperatorCase => ({
      op: 'LpNormalization',
      note: `of zeros, p = ${p}`,
      kinked: true,
      opsets: [9, 22],
      inputs: [tensor([0, 0, 3, -4], [2, 2])],
      attributes: { p },
    }),
  ),
  {
    op: 'LRN',
    opsets: [7, 13],
    inputs: [random([2, 5, 3, 2])],
    attributes: { size: 3, alpha: { float: 0.3 }, beta: { float: 0.6 }, bias: { float: 1.5 } },
  },
  { op: 'MeanVarianceNormalization', opsets: [9, 13], inputs: [image] },
  {
    op: 'MeanVarianceNormalization',
    note: 'axes',
    opsets: [13],
    inputs: [image],
    attributes: { axes: [1, 2] },
  },
  {
    op: 'LayerNormalization',
    note: 'statistics',
    opsets: [17],
    inputs: [random([2, 3, 4]), random([3, 4]), random([3, 4], 1)],
    attributes: { axis: 1 },
    outputs: 3,
  },
];
