import { bools, int64s, tensor } from '../builder.js';
import { between, type OperatorCase, random } from '../operator-case.js';
import { ints } from './common.js';

const ties = tensor([3, 1, 3, 2, 3, 1, 1, 1], [2, 4]);

export const ordering: readonly OperatorCase[] = [
  ...[
    { note: 'plainly', attributes: {} },
    { note: 'exclusive', attributes: { exclusive: 1 } },
    { note: 'reverse', attributes: { reverse: 1 } },
    { note: 'exclusive and reverse', attributes: { exclusive: 1, reverse: 1 } },
  ].map(
    ({ note, attributes }): OperatorCase => ({
      op: 'CumSum',
      note,
      opsets: [11, 14],
      inputs: [random([2, 5, 3]), ints(1)],
      attributes,
    }),
  ),
  { op: 'CumSum', note: 'of integers', opsets: [14], inputs: [int64s([3, -1, 4, 1, 5]), ints(-1)] },
  { op: 'TopK', opsets: [9], inputs: [random([3, 6])], attributes: { k: 3 }, outputs: 2 },
  { op: 'TopK', opsets: [10, 11], inputs: [random([3, 6]), int64s([4])], outputs: 2 },
  { op: 'TopK', note: 'of equal elements', kinked: true, opsets: [11], inputs: [ties, int64s([3])], outputs: 2 },
  {
    op: 'TopK',
    note: 'smallest along another axis',
    opsets: [11],
    inputs: [random([4, 2, 3]), int64s([2])],
    attributes: { axis: 0, largest: 0 },
    outputs: 2,
  },
  { op: 'TopK', note: 'of integers', opsets: [11], inputs: [int64s([3, 9, -2, 9, 4]), int64s([2])], outputs: 2 },
  {
    op: 'ReverseSequence',
    opsets: [10],
    inputs: [random([4, 3, 2]), int64s([1, 4, 3])],
    attributes: { time_axis: 0, batch_axis: 1 },
  },
  {
    op: 'ReverseSequence',
    note: 'batch first',
    opsets: [10],
    inputs: [random([3, 4]), int64s([2, 4, 1])],
    attributes: { time_axis: 1, batch_axis: 0 },
  },
  { op: 'NonZero', opsets: [9, 13], inputs: [tensor([0, 2, 0, 0, -1, 3], [2, 3])], folded: true },
  { op: 'Compress', opsets: [9, 11], inputs: [random([3, 4]), bools([0, 1, 1])], attributes: { axis: 0 } },
  { op: 'Compress', note: 'of all', opsets: [11], inputs: [random([2, 3]), bools([0, 1, 1, 0, 1])] },
  { op: 'Hardmax', opsets: [9, 11, 13], inputs: [random([2, 3, 4])] },
  { op: 'Hardmax', note: 'axis', opsets: [13], inputs: [ties], attributes: { axis: 0 } },
  ...['ArgMax', 'ArgMin'].flatMap((op): OperatorCase[] => [
    { op, note: 'last of equals', opsets: [12, 13], inputs: [ties], attributes: { axis: 1, select_last_index: 1 } },
    {
      op,
      note: 'last of equals along the first axis',
      opsets: [13],
      inputs: [between(0, 1, [3, 4])],
      attributes: { axis: 0, select_last_index: 1, keepdims: 0 },
    },
  ]),
];
