import { int64s, tensor } from '../builder.js';
import { between, type OperatorCase, random } from '../operator-case.js';

const reductions: readonly (readonly [name: string, since: number])[] = [
  ['none', 16],
  ['add', 16],
  ['mul', 16],
  ['max', 18],
  ['min', 18],
];

export const scatter: readonly OperatorCase[] = [
  {
    op: 'Scatter',
    opsets: [9],
    inputs: [random([3, 4]), int64s([1, 0, 2, 0, 2, 1], [2, 3]), random([2, 3])],
    attributes: { axis: 0 },
  },
  {
    op: 'ScatterElements',
    note: 'axis',
    opsets: [11, 13, 18],
    inputs: [random([3, 4]), int64s([1, -1, 3, 0], [2, 2]), random([2, 2])],
    attributes: { axis: 1 },
  },
  ...reductions.map(
    ([reduction, since]): OperatorCase => ({
      op: 'ScatterElements',
      note: reduction,
      opsets: since < 18 ? [since, 18] : [18],
      inputs: [
        random([3, 4]),
        int64s(reduction === 'none' ? [2, 0, 1, 0, 2, 2] : [1, 1, 1, 0, 1, 2], [3, 2]),
        between(-1.5, 2, [3, 2]),
      ],
      attributes: { axis: 0, reduction },
    }),
  ),
  { op: 'ScatterND', opsets: [11, 13], inputs: [random([4, 2, 3]), int64s([3, -3], [2, 1]), random([2, 2, 3])] },
  {
    op: 'ScatterND',
    note: 'single elements',
    opsets: [11, 16],
    inputs: [random([3, 4]), int64s([0, 1, 2, -1, 1, 1], [3, 2]), random([3])],
  },
  ...reductions.map(
    ([reduction, since]): OperatorCase => ({
      op: 'ScatterND',
      note: reduction,
      opsets: since < 18 ? [since, 18] : [18],
      inputs: [random([3, 4]), int64s([0, reduction === 'none' ? 1 : 2, 2], [3, 1]), random([3, 4], 1.5)],
      attributes: { reduction },
    }),
  ),
  {
    op: 'ScatterND',
    note: 'product with a zero',
    opsets: [16],
    inputs: [tensor([0, 2, 3]), int64s([0, 1, 1, 1], [4, 1]), tensor([2, 0, 0.5, 3])],
    attributes: { reduction: 'mul' },
  },
  {
    op: 'GatherND',
    note: 'batch axes',
    opsets: [12, 13],
    inputs: [random([2, 3, 4, 2]), int64s([1, -1, 0, 2, 2, 0], [2, 3, 1])],
    attributes: { batch_dims: 1 },
  },
  {
    op: 'GatherND',
    note: 'two batch axes',
    opsets: [12],
    inputs: [random([2, 3, 4]), int64s([1, -1, 0, 2, 2, 3], [2, 3, 1])],
    attributes: { batch_dims: 2 },
  },
];
