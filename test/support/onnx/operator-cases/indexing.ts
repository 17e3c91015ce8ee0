import { int64s, tensor } from '../builder.js';
import { type OperatorCase, random } from '../operator-case.js';
import { every, ints } from './common.js';

export const indexing: readonly OperatorCase[] = [
  { op: 'Gather', opsets: every, inputs: [random([4, 3]), int64s([3, 0, 0, 1], [2, 2])] },
  { op: 'Gather', note: 'axis', opsets: [9, 13], inputs: [random([4, 3]), ints(1)], attributes: { axis: 1 } },
  {
    op: 'Gather',
    note: 'negative indices',
    opsets: [11, 13],
    inputs: [random([4, 3]), int64s([-1, -3])],
    attributes: { axis: -1 },
  },
  { op: 'GatherElements', opsets: [11, 13], inputs: [random([3, 4]), int64s([0, 1, -1, 2, 2, 0], [2, 3])] },
  {
    op: 'GatherElements',
    note: 'axis',
    opsets: [11, 13],
    inputs: [random([3, 4]), int64s([0, 3, -1, 2], [2, 2])],
    attributes: { axis: 1 },
  },
  {
    op: 'GatherElements',
    note: 'axis of length 1',
    opsets: [11, 13],
    inputs: [random([2, 1]), int64s([0, 0, 0, 0, -1, 0], [2, 3])],
    attributes: { axis: 1 },
  },
  { op: 'GatherND', opsets: [11, 13], inputs: [random([3, 4, 2]), int64s([0, 1, -1, 3], [2, 2])] },
  { op: 'GatherND', note: 'single elements', opsets: [13], inputs: [random([3, 4]), int64s([0, 1, 2, 3], [2, 2])] },
  { op: 'OneHot', opsets: [9, 11], inputs: [int64s([0, 2, 1]), ints(4), tensor([-1, 5])] },
  {
    op: 'OneHot',
    note: 'axis',
    opsets: [11],
    inputs: [int64s([0, 2, 1, -1], [2, 2]), ints(4), tensor([0, 1])],
    attributes: { axis: 1 },
  },
  { op: 'Trilu', opsets: [14], inputs: [random([2, 4, 4])] },
  { op: 'Trilu', note: 'lower, shifted', opsets: [14], inputs: [random([3, 5]), ints(1)], attributes: { upper: 0 } },
];
