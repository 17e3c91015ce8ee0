import * as g from '../../../lib/graph/index.js';
import type { Shape } from '../../../lib/tensor.js';
import {
  bools,
  builders,
  type CaseInput,
  cases,
  grid,
  int32,
  int64,
  integers,
  type OpCase,
  positive,
  type Row,
  real,
} from './op-case.js';

type UnaryName =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'tanh'
  | 'sigmoid'
  | 'erf'
  | 'relu'
  | 'softplus'
  | 'sin'
  | 'cos'
  | 'floor'
  | 'ceil'
  | 'round';

function unaryCases(op: UnaryName, low?: number, high?: number): OpCase[] {
  const shapes: Shape[] = [[], [1], [0, 3], [7, 5], [2, 3, 4]];
  return cases(
    op,
    builders[op],
    shapes.map((shape): Row => [`[${shape}]`, [real(shape, low, high)]]),
  );
}

const integerShapes: Shape[] = [[], [0], [3, 7]];

function integerUnaryCases(op: 'neg' | 'abs' | 'sign'): OpCase[] {
  return integerShapes.flatMap((shape) =>
    cases(op, builders[op], [
      [`int32[${shape}]`, [integers(shape)]],
      [`int64[${shape}]`, [integers(shape, 'int64')]],
    ]),
  );
}

const pairs: readonly (readonly [Shape, Shape])[] = [
  [[], []],
  [[5], []],
  [[], [3, 2]],
  [
    [4, 5],
    [4, 5],
  ],
  [[4, 5], [5]],
  [
    [4, 1],
    [1, 5],
  ],
  [
    [2, 1, 3],
    [4, 1],
  ],
  [[1], [0, 2]],
  [
    [3, 1],
    [3, 0],
  ],
  [
    [2, 3, 1, 4],
    [3, 5, 1],
  ],
];

type BinaryName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'and'
  | 'or'
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual';

function binaryCases(op: BinaryName, a: (shape: Shape) => CaseInput, b: (shape: Shape) => CaseInput = a): OpCase[] {
  return cases(
    op,
    builders[op],
    pairs.map(([left, right]): Row => {
      const inputs = [a(left), b(right)];
      return [`${inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(', ')}`, inputs];
    }),
  );
}

function numericBinaryCases(op: BinaryName, reals: (shape: Shape) => CaseInput, second = reals): OpCase[] {
  return [...binaryCases(op, reals, second), ...binaryCases(op, int32), ...binaryCases(op, int64)];
}

export const elementwise: readonly OpCase[] = [
  ...(['neg', 'abs', 'sign'] as const).flatMap((op) => [...unaryCases(op), ...integerUnaryCases(op)]),
  ...(['exp', 'tanh', 'sigmoid', 'erf', 'relu', 'softplus', 'sin', 'cos'] as const).flatMap((op) => unaryCases(op)),
  ...(['log', 'sqrt'] as const).flatMap((op) => unaryCases(op, 0.1, 4)),
  ...(['floor', 'ceil', 'round'] as const).flatMap((op) => unaryCases(op, -5, 5)),
  ...cases('round', g.round, [['ties', [grid([40])]]]),
  ...(['sigmoid', 'softplus', 'tanh', 'erf', 'relu'] as const).flatMap((op) =>
    cases(op, builders[op], [['large', [real([50], -40, 40)]]]),
  ),
  ...cases('not', g.not, [
    ['[3, 4]', [bools([3, 4])]],
    ['[]', [bools([])]],
    ['[0]', [bools([0])]],
  ]),
  ...cases('stopGradient', g.stopGradient, [
    ['float32', [real([2, 3])]],
    ['int64', [int64([4])]],
    ['bool', [bools([4])]],
  ]),
  ...numericBinaryCases('add', real),
  ...numericBinaryCases('sub', real),
  ...numericBinaryCases('mul', real),
  ...numericBinaryCases('div', real, positive),
  ...cases('mul', g.mul, [
    [
      'int32 overflow',
      [integers([30], 'int32', -(2 ** 31), 2 ** 31 - 1), integers([30], 'int32', -(2 ** 31), 2 ** 31 - 1)],
    ],
  ]),
  ...binaryCases('pow', positive, real),
  ...cases('pow', g.pow, [
    ['square', [real([4, 5])], (x) => g.pow(x, 2)],
    ['cube', [real([4, 5])], (x) => g.pow(x, 3)],
    ['first power', [real([5])], (x) => g.pow(x, 1)],
    ['power of zero', [real([5])], (x) => g.pow(x, 0)],
    ['negative power', [positive([5])], (x) => g.pow(x, -1.5)],
    ['constant powers', [real([4])], (x) => g.pow(x, g.constant([0, 1, 2, 3]))],
    ['constant base', [real([5])], (x) => g.pow(2, x)],
  ]),
  ...numericBinaryCases('maximum', real),
  ...numericBinaryCases('minimum', real),
  ...(['equal', 'notEqual'] as const).flatMap((op) => [...numericBinaryCases(op, grid), ...binaryCases(op, bools)]),
  ...(['less', 'lessEqual', 'greater', 'greaterEqual'] as const).flatMap((op) => numericBinaryCases(op, grid)),
  ...binaryCases('and', bools),
  ...binaryCases('or', bools),
  ...cases('where', g.where, [
    ['one shape', [bools([3, 4]), real([3, 4]), real([3, 4])]],
    ['condition column', [bools([3, 1]), real([3, 4]), real([4])]],
    ['wide condition', [bools([2, 3, 4]), real([]), real([3, 1])]],
    ['scalars', [bools([]), real([]), real([])]],
    ['empty', [bools([0, 1]), real([1, 3]), real([0, 3])]],
    ['int64', [bools([5]), int64([5]), int64([1])]],
    ['int32', [bools([5]), int32([]), int32([5])]],
    ['bool', [bools([5]), bools([5]), bools([1])]],
  ]),
  ...cases('cast', (x) => g.createNode('cast', [x], { dtype: 'float32' }), [
    ['float32 to float32', [real([3, 4])]],
    ['int32 to float32', [int32([5])]],
    ['int64 to float32', [int64([5])]],
    ['bool to float32', [bools([5])]],
    ['float32 to int32', [real([40], -9, 9)], (x) => g.cast(x, 'int32')],
    ['float32 to int64', [real([40], -9, 9)], (x) => g.cast(x, 'int64')],
    ['float32 to bool', [grid([40])], (x) => g.cast(x, 'bool')],
    ['int64 to int32', [integers([40], 'int64', -(2 ** 40), 2 ** 40)], (x) => g.cast(x, 'int32')],
    ['int32 to int64', [int32([40])], (x) => g.cast(x, 'int64')],
    ['int64 to bool', [int64([40])], (x) => g.cast(x, 'bool')],
    ['bool to int64', [bools([4])], (x) => g.cast(x, 'int64')],
  ]),
];
