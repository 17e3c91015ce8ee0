import { bools, int64s } from '../builder.js';
import { type OperatorCase, random } from '../operator-case.js';
import { every, ints, scalar } from './common.js';

export const constants: readonly OperatorCase[] = [
  ...[1, 7, 9].map(
    (to): OperatorCase => ({
      op: 'Cast',
      note: `to type ${to}`,
      opsets: every,
      inputs: [random([6])],
      attributes: { to },
    }),
  ),
  { op: 'Cast', note: 'from bool', opsets: [13], inputs: [bools([1, 0])], attributes: { to: 1 } },
  ...[2, 3, 4, 5].map(
    (to): OperatorCase => ({
      op: 'Cast',
      note: `of constants to the narrow type ${to}`,
      opsets: [9, 13],
      inputs: [int64s([0, 1, 255, 256, -1, -128, 70000])],
      attributes: { to },
      folded: true,
    }),
  ),
  { op: 'CastLike', opsets: [15, 19, 24], inputs: [random([6]), int64s([1])] },
  { op: 'EyeLike', opsets: [9, 22], inputs: [random([3, 4])] },
  { op: 'EyeLike', note: 'shifted', opsets: [9], inputs: [random([4, 3])], attributes: { k: -1, dtype: 7 } },
  { op: 'Range', opsets: [11], inputs: [ints(10), ints(3), ints(-2)], folded: true },
  {
    op: 'Range',
    note: 'of a newer opset',
    opsets: [28],
    inputs: [ints(10), ints(3), ints(-2)],
    attributes: { stash_type: 1 },
    folded: true,
    expected: { shape: [4], data: [10, 8, 6, 4] },
  },
  { op: 'Range', note: 'of reals', opsets: [11], inputs: [scalar(1), scalar(2), scalar(0.3)], folded: true },
  { op: 'ConstantOfShape', opsets: [9, 20], inputs: [int64s([2, 3])], folded: true },
  {
    op: 'ConstantOfShape',
    note: 'value',
    opsets: [9],
    inputs: [int64s([2, 3])],
    attributes: { value: { tensor: int64s([7]) } },
    folded: true,
  },
  {
    op: 'Constant',
    opsets: [7, 9, 11, 13],
    inputs: [],
    attributes: { value: { tensor: random([2, 3]) } },
    folded: true,
  },
  ...Object.entries({
    value_int: 3,
    value_ints: [1, 2, 3],
    value_float: { float: 1.5 },
    value_floats: { floats: [0.5, 1.5] },
  }).map(
    ([name, value]): OperatorCase => ({
      op: 'Constant',
      note: name,
      opsets: [12, 19],
      inputs: [],
      attributes: { [name]: value },
      folded: true,
    }),
  ),
];
