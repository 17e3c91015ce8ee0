import { bools, int64s, tensor } from '../builder.js';
import { between, type OperatorCase, random } from '../operator-case.js';
import { binary, every, ints, scalar, unary } from './common.js';

const sinceNine = every.filter((opset) => opset >= 9);

export const elementwise: readonly OperatorCase[] = [
  ...unary(['Abs', 'Ceil', 'Cos', 'Exp', 'Floor', 'Identity', 'Neg', 'Sin', 'Tan'], random([3, 4])),
  ...unary(['Erf', 'Sign'], random([3, 4]), [9, 13, 24]),
  ...unary(['Log', 'Sqrt', 'Reciprocal'], between(0.1, 3, [3, 4])),
  ...unary(['Atan'], random([3, 5], 4)),
  ...unary(['Asinh', 'Sinh', 'Cosh'], random([3, 5], 4), sinceNine),
  ...unary(['Asin', 'Acos'], random([3, 4], 0.95)),
  ...unary(['Atanh'], random([3, 4], 0.95), sinceNine),
  { op: 'Acosh', opsets: sinceNine, inputs: [between(1.1, 4, [3, 4])] },
  { op: 'IsNaN', opsets: [9, 13, 20], inputs: [tensor([1, Number.NaN, Number.POSITIVE_INFINITY])] },
  ...[{}, { detect_negative: 0 }, { detect_positive: 0 }, { detect_negative: 0, detect_positive: 0 }].map(
    (attributes): OperatorCase => ({
      op: 'IsInf',
      note: Object.keys(attributes).join(),
      opsets: [10, 20],
      inputs: [tensor([1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])],
      attributes,
    }),
  ),
  { op: 'Round', opsets: [11, 22], inputs: [tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.4, 0.6])] },
  { op: 'Not', opsets: every, inputs: [bools([1, 0, 1])] },
  ...binary(['Add', 'Sub', 'Mul', 'Div'], random([2, 3, 4]), between(0.5, 2, [3, 1])),
  ...binary(['Add', 'Sub', 'Mul', 'Div'], int64s([7, -7, 9, 2]), int64s([2, 2, -4, 5])),
  { op: 'Mod', opsets: [10, 13], inputs: [int64s([7, -7, 9, -9, 4]), int64s([3, 3, -4, -4, 2])] },
  {
    op: 'Mod',
    note: 'of reals',
    kinked: true,
    opsets: [28],
    inputs: [tensor([7, -7, 7, -7, 2, -2, 0]), tensor([4, 4, -4, -4, Infinity, Infinity, 3])],
    expected: { shape: [7], data: [3, 1, -1, -3, 2, Infinity, 0] },
  },
  { op: 'Mod', note: 'fmod', opsets: [10, 13], inputs: [random([5], 4), tensor([0.7])], attributes: { fmod: 1 } },
  {
    op: 'Mod',
    note: 'fmod of integers',
    opsets: [13],
    inputs: [int64s([7, -7, 9]), int64s([3, 3, -4])],
    attributes: { fmod: 1 },
  },
  { op: 'Pow', opsets: every, inputs: [between(0.2, 2, [2, 3]), random([3])] },
  { op: 'Pow', note: 'integer exponent', opsets: [12, 15], inputs: [random([2, 3]), ints(3)] },
  { op: 'Pow', note: 'integers', opsets: [13], inputs: [int64s([2, 3, -4]), int64s([3, 2, 3])] },
  ...binary(['And', 'Or', 'Xor'], bools([1, 1, 0, 0]), bools([1, 0, 1, 0])),
  ...binary(['Equal', 'Greater', 'Less'], int64s([1, 2, 3]), int64s([3, 2, 1]), [9, 13, 24]),
  ...binary(['Greater', 'Less'], random([2, 3]), tensor([0.25])),
  ...binary(['GreaterOrEqual', 'LessOrEqual'], int64s([1, 2, 3]), int64s([3, 2, 1]), [12, 16]),
  ...['Max', 'Min', 'Mean', 'Sum'].flatMap((op): OperatorCase[] => [
    { op, opsets: [8, 13, 24], inputs: [random([2, 3]), random([1, 3]), random([2, 1])] },
    { op, note: 'of one shape', opsets: [7], inputs: [random([2, 3]), random([2, 3], 1)] },
    { op, note: 'of one input', opsets: [13], inputs: [random([2, 3])] },
  ]),
  { op: 'Clip', opsets: [9, 10], inputs: [random([8])], attributes: { min: { float: -0.5 }, max: { float: 1 } } },
  { op: 'Clip', note: 'below only', opsets: [9], inputs: [random([8])], attributes: { min: { float: -0.5 } } },
  { op: 'Clip', opsets: [11, 13], inputs: [random([8]), scalar(-0.5), scalar(1)] },
  { op: 'Clip', note: 'above only', opsets: [11, 13], inputs: [random([8]), undefined, scalar(0.5)] },
  { op: 'Where', opsets: [9, 16, 24], inputs: [bools([1, 0], [2, 1]), random([2, 3]), random([3])] },
];
