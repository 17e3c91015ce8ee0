import { bools, int64s, tensor } from '../builder.js';
import { between, type OperatorCase, random } from '../operator-case.js';
import { every } from './common.js';

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'];

export const reduction: readonly OperatorCase[] = [
  ...reductions.flatMap((name): OperatorCase[] => {
    const op = `Reduce${name}`;
    const x = between(0.2, 2, [2, 3, 4]);
    const [attribute, input] =
      name === 'Sum'
        ? [
            [9, 11],
            [13, 18],
          ]
        : [
            [9, 11, 13, 17],
            [18, 20],
          ];
    return [
      { op, note: 'of all', opsets: [9, 13, 18], inputs: [x] },
      { op, note: 'axes', opsets: attribute, inputs: [x], attributes: { axes: [0, 2], keepdims: 0 } },
      {
        op,
        note: 'negative axis',
        opsets: attribute.filter((opset) => opset >= 11),
        inputs: [x],
        attributes: { axes: [-1] },
      },
      { op, note: 'axes', opsets: input, inputs: [x, int64s([0, -1])] },
      { op, note: 'axes without keepdims', opsets: input, inputs: [x, int64s([1])], attributes: { keepdims: 0 } },
      {
        op,
        note: 'no axes, and so no reduction',
        opsets: input,
        inputs: [x, int64s([])],
        attributes: { noop_with_empty_axes: 1 },
      },
    ];
  }),
  ...['Sum', 'Prod', 'Max'].map(
    (name): OperatorCase => ({
      op: `Reduce${name}`,
      note: 'of integers',
      opsets: [13],
      inputs: [int64s([3, 4, 5])],
      folded: true,
    }),
  ),
  ...['Max', 'Min'].flatMap((name): OperatorCase[] => [
    { op: `Reduce${name}`, note: 'of bools', opsets: [20], inputs: [bools([1, 0, 0, 0], [2, 2]), int64s([1])] },
    {
      op: `Reduce${name}`,
      note: 'of no bools',
      opsets: [20],
      inputs: [bools([], [2, 0]), int64s([1])],
      expected: { shape: [2, 1], data: name === 'Max' ? [0, 0] : [1, 1] },
    },
    { op: `Reduce${name}`, note: 'of nothing', opsets: [20], inputs: [tensor([], [2, 0]), int64s([1])], folded: true },
  ]),
  {
    op: 'ReduceLogSumExp',
    note: 'of infinities',
    kinked: true,
    opsets: [13],
    inputs: [tensor([-Infinity, -Infinity, 1, -Infinity, Infinity, 1], [3, 2])],
    attributes: { axes: [1] },
  },
  {
    op: 'ReduceL2',
    note: 'of zeros',
    kinked: true,
    opsets: [13],
    inputs: [tensor([0, 0, 3, -4], [2, 2])],
    attributes: { axes: [1] },
  },
  { op: 'ArgMax', opsets: every, inputs: [random([3, 4])] },
  {
    op: 'ArgMax',
    note: 'axis without keepdims',
    opsets: [13],
    inputs: [random([3, 4])],
    attributes: { axis: -1, keepdims: 0 },
  },
  { op: 'ArgMin', opsets: [9, 13], inputs: [random([3, 4])], attributes: { axis: 1 } },
];
