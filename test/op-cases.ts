import { Random } from '../lib/data/random.js';
import * as g from '../lib/graph/index.js';
import { type DType, elementCount, type Shape } from '../lib/tensor.js';

/** The builder functions, for access by name. */
export const builders = { ...g };

/** Values an operand is drawn from: uniform reals or integers (bounds included), on a grid of `step` if given. */
export interface Domain {
  readonly low: number;
  readonly high: number;
  readonly step?: number;
}

export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly domain: Domain;
}

/** One use of an op. Every test of ops runs over the list of these, so an op is tested as soon as it has a case. */
export interface OpCase {
  readonly op: g.OpName;
  readonly name: string;
  readonly inputs: readonly CaseInput[];
  /** Applies the op, and nothing else, to inputs of the given types. */
  readonly build: (...inputs: g.Node[]) => g.Node;
}

/** Input nodes for a case: `x0`, `x1`, ... */
export function inputNodes({ inputs }: Pick<OpCase, 'inputs'>): g.Node[] {
  return inputs.map(({ shape, dtype }, index) => g.input(`x${index}`, shape, dtype));
}

/** Row-major elements for every operand of a case, the same for the same seed; reals are exact in float32. */
export function drawInputs({ inputs }: Pick<OpCase, 'inputs'>, seed: number): Float64Array[] {
  const random = Random.fromSeed(seed, 'op-cases');
  return inputs.map(({ shape, dtype, domain: { low, high, step = dtype === 'float32' ? 0 : 1 } }) =>
    Float64Array.from({ length: elementCount(shape) }, () => {
      if (step > 0) return low + step * Math.floor(random.uniform() * ((high - low) / step + 1));
      return Math.fround(low + (high - low) * random.uniform());
    }),
  );
}

export function real(shape: Shape, low = -2, high = 2): CaseInput {
  return { shape, dtype: 'float32', domain: { low, high } };
}
/** Reals with many equal ones, for ops whose value jumps. */
export function grid(shape: Shape): CaseInput {
  return { shape, dtype: 'float32', domain: { low: -1, high: 1, step: 0.5 } };
}
export function integers(shape: Shape, dtype: 'int32' | 'int64' = 'int32', low = -9, high = 9): CaseInput {
  return { shape, dtype, domain: { low, high } };
}
export function indices(shape: Shape, size: number, dtype: 'int32' | 'int64' = 'int64'): CaseInput {
  return integers(shape, dtype, 0, size - 1);
}
export function bools(shape: Shape): CaseInput {
  return { shape, dtype: 'bool', domain: { low: 0, high: 1 } };
}

type Build = OpCase['build'];
type Row = readonly [name: string, inputs: readonly CaseInput[], build?: Build];

/** Cases of one op; `build` is what a row without its own uses. */
function cases(op: g.OpName, build: Build, rows: readonly Row[]): OpCase[] {
  return rows.map(([name, inputs, own = build]) => ({ op, name, inputs, build: own }));
}

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

const int32 = (shape: Shape) => integers(shape);
const int64 = (shape: Shape) => integers(shape, 'int64', -3, 3);
const positive = (shape: Shape) => real(shape, 0.3, 3);

function numericBinaryCases(op: BinaryName, reals: (shape: Shape) => CaseInput, second = reals): OpCase[] {
  return [...binaryCases(op, reals, second), ...binaryCases(op, int32), ...binaryCases(op, int64)];
}

const elementwise: OpCase[] = [
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

const shapes: OpCase[] = [
  ...cases('input', (x) => x, [
    ['float32', [real([2, 3])]],
    ['int64', [int64([2])]],
    ['bool', [bools([2])]],
  ]),
  ...cases('constant', () => g.constant([1.5, -2, 3], [3]), [
    ['vector', []],
    ['scalar', [], () => g.constant(0.25)],
    ['int32', [], () => g.constant([1, 2], [2, 1], 'int32')],
    ['int64', [], () => g.constant([1n, -2n], [2], 'int64')],
    ['bool', [], () => g.constant([true, false], [2], 'bool')],
    ['empty', [], () => g.constant([], [0, 4])],
  ]),
  ...cases('reshape', (x) => g.reshape(x, [6, 4]), [
    ['regroup', [real([2, 3, 4])]],
    ['to scalar', [real([1, 1])], (x) => g.reshape(x, [])],
    ['empty', [real([0, 3])], (x) => g.reshape(x, [7, 0])],
    ['int64', [int64([24])]],
  ]),
  ...cases('transpose', (x) => g.transpose(x), [
    ['matrix', [real([5, 7])]],
    ['cycle', [real([2, 3, 4])], (x) => g.transpose(x, [2, 0, 1])],
    ['batched', [real([2, 3, 4, 5])], (x) => g.transpose(x, [0, 2, 1, 3])],
    ['with ones', [real([1, 4, 1])]],
    ['empty', [real([0, 3])]],
    ['int32', [int32([3, 4])]],
  ]),
  ...cases('broadcastTo', (x) => g.broadcastTo(x, [2, 3, 4]), [
    ['scalar', [real([])]],
    ['row', [real([4])]],
    ['column', [real([3, 1])]],
    ['outer', [real([2, 1, 1])]],
    ['to nothing', [real([3, 1])], (x) => g.broadcastTo(x, [3, 0])],
    ['bool', [bools([3, 1])]],
  ]),
  ...cases('slice', (x) => g.slice(x, { starts: [1, 0], limits: [4, 3] }), [
    ['block', [real([5, 6])]],
    ['strided', [real([7, 9])], (x) => g.slice(x, { starts: [1, 2], limits: [7, 9], strides: [2, 3] })],
    ['stride beyond the end', [real([5])], (x) => g.slice(x, { starts: [3], limits: [5], strides: [9] })],
    ['nothing', [real([5])], (x) => g.slice(x, { starts: [2], limits: [2] })],
    ['nothing of nothing', [real([0])], (x) => g.slice(x, { starts: [0], limits: [0] })],
    ['three axes', [real([2, 3, 4])], (x) => g.slice(x, { starts: [0, 1, 0], limits: [2, 2, 4], strides: [1, 1, 3] })],
    ['int64', [int64([5, 6])]],
  ]),
  ...cases('pad', (x) => g.pad(x, { low: [1, 0], high: [0, 2] }), [
    ['around', [real([3, 4])]],
    ['interior', [real([3, 4])], (x) => g.pad(x, { low: [0, 1], high: [2, 0], interior: [1, 2] })],
    ['interior of one', [real([1])], (x) => g.pad(x, { low: [1], high: [1], interior: [3] })],
    ['nothing', [real([0, 2])]],
    ['int32', [int32([3, 4])]],
  ]),
  ...cases('concat', (...xs) => g.concat(xs, 1), [
    ['two', [real([2, 3]), real([2, 4])]],
    ['three, one empty', [real([2, 3, 2]), real([2, 0, 2]), real([2, 1, 2])]],
    ['rows', [real([2, 3]), real([1, 3])], (...xs) => g.concat(xs, 0)],
    ['last axis', [real([2, 3, 1]), real([2, 3, 2])], (...xs) => g.concat(xs, -1)],
    ['bool', [bools([2, 3]), bools([2, 4])]],
  ]),
];

const reductions: OpCase[] = [
  ...(['reduceSum', 'reduceMax'] as const).flatMap((op) =>
    cases(op, (x) => builders[op](x), [
      ['all', [real([3, 4])]],
      ['scalar', [real([])], (x) => g.createNode(op, [x], { axes: [] })],
      ['last axis', [real([5, 7])], (x) => builders[op](x, [-1])],
      ['first axis', [real([5, 7])], (x) => builders[op](x, [0])],
      ['middle axis', [real([3, 4, 5])], (x) => builders[op](x, [1])],
      ['outer axes', [real([3, 4, 5])], (x) => builders[op](x, [0, 2])],
      ['axis of one', [real([3, 1])], (x) => builders[op](x, [1])],
      ['nothing left', [real([3, 0])], (x) => builders[op](x, [0])],
      ['over nothing', [real([3, 0])], (x) => builders[op](x, [1])],
    ]),
  ),
  ...cases('argMax', (x) => g.argMax(x, -1), [
    ['last axis', [real([4, 6])]],
    ['ties', [grid([8, 9])]],
    ['first axis', [real([4, 6])], (x) => g.argMax(x, 0)],
    ['middle axis', [grid([3, 5, 2])], (x) => g.argMax(x, 1)],
    ['vector', [real([5])]],
    ['no rows', [real([0, 3])]],
  ]),
];

const transposes = [
  [false, false],
  [false, true],
  [true, false],
  [true, true],
] as const;

const products: OpCase[] = transposes.flatMap(([transposeA, transposeB]) => {
  const a = (batch: Shape, m: number, k: number) => real([...batch, ...(transposeA ? [k, m] : [m, k])]);
  const b = (batch: Shape, k: number, n: number) => real([...batch, ...(transposeB ? [n, k] : [k, n])]);
  const flags = `${transposeA ? 'T' : 'N'}${transposeB ? 'T' : 'N'}`;
  return cases('matmul', (x, y) => g.matmul(x, y, { transposeA, transposeB }), [
    [`${flags} plain`, [a([], 3, 4), b([], 4, 5)]],
    [`${flags} batched`, [a([2, 3], 4, 2), b([2, 3], 2, 3)]],
    [`${flags} ones`, [a([], 1, 1), b([], 1, 1)]],
    [`${flags} row by column`, [a([], 1, 7), b([], 7, 1)]],
    [`${flags} outer`, [a([], 6, 1), b([], 1, 3)]],
    [`${flags} no inner`, [a([], 3, 0), b([], 0, 2)]],
    [`${flags} no rows`, [a([], 0, 3), b([], 3, 2)]],
    [`${flags} no batch`, [a([0], 2, 3), b([0], 3, 2)]],
  ]);
});

interface Geometry extends g.ConvOptions {
  readonly name: string;
  readonly x: Shape;
  readonly w: Shape;
}

const geometries: readonly Geometry[] = [
  { name: '2-D', x: [2, 3, 6, 5], w: [4, 3, 3, 2] },
  { name: '1-D', x: [2, 3, 9], w: [4, 3, 3], padding: [[2, 1]] },
  {
    name: 'padding',
    x: [2, 2, 4, 5],
    w: [3, 2, 3, 3],
    padding: [
      [1, 1],
      [2, 0],
    ],
  },
  { name: 'strides', x: [1, 2, 8, 7], w: [3, 2, 3, 2], strides: [3, 2] },
  {
    name: 'strides and padding',
    x: [2, 1, 7, 6],
    w: [2, 1, 3, 3],
    strides: [2, 3],
    padding: [
      [1, 1],
      [1, 2],
    ],
  },
  {
    name: 'dilations',
    x: [1, 2, 8, 9],
    w: [2, 2, 3, 2],
    dilations: [2, 3],
    padding: [
      [1, 0],
      [2, 2],
    ],
  },
  { name: 'groups', x: [2, 4, 5, 4], w: [6, 2, 2, 3], groups: 2 },
  {
    name: 'depthwise',
    x: [2, 3, 5, 5],
    w: [3, 1, 3, 3],
    groups: 3,
    padding: [
      [1, 1],
      [1, 1],
    ],
    strides: [2, 2],
  },
  { name: '1-D everything', x: [2, 4, 11], w: [2, 2, 3], strides: [2], dilations: [2], padding: [[3, 1]], groups: 2 },
  { name: '1x1', x: [3, 4, 3, 2], w: [5, 4, 1, 1] },
  { name: 'kernel of the input', x: [2, 2, 3, 4], w: [3, 2, 3, 4] },
  { name: 'single elements', x: [1, 1, 1, 1], w: [1, 1, 1, 1] },
  { name: 'no batch', x: [0, 2, 4, 4], w: [3, 2, 3, 3] },
  { name: 'no window', x: [2, 2, 2, 4], w: [3, 2, 3, 3] },
];

const convolutions: OpCase[] = geometries.flatMap(({ name, x, w, ...options }) => {
  const y = g.conv(g.input('x', x), g.input('w', w), options).shape;
  const inputSize = x.slice(2);
  const kernelSize = w.slice(2);
  return [
    ...cases('conv', (a, b) => g.conv(a, b, options), [[name, [real(x), real(w)]]]),
    ...cases('convInputGradient', (a, b) => g.convInputGradient(a, b, { ...options, inputSize }), [
      [name, [real(y), real(w)]],
    ]),
    ...cases('convFilterGradient', (a, b) => g.convFilterGradient(a, b, { ...options, kernelSize }), [
      [name, [real(x), real(y)]],
    ]),
  ];
});

interface Pooling extends g.AveragePoolOptions {
  readonly name: string;
  readonly x: Shape;
}

const poolings: readonly Pooling[] = [
  { name: '2-D', x: [2, 3, 6, 4], kernel: [2, 2], strides: [2, 2] },
  { name: 'overlapping', x: [1, 2, 5, 6], kernel: [3, 2] },
  { name: '1-D', x: [2, 3, 9], kernel: [3], strides: [2], padding: [[1, 1]] },
  {
    name: 'padding',
    x: [2, 1, 5, 4],
    kernel: [3, 3],
    strides: [2, 2],
    padding: [
      [1, 1],
      [2, 0],
    ],
  },
  { name: 'ceil mode', x: [1, 2, 5, 6], kernel: [2, 3], strides: [2, 2], outputSize: [3, 3] },
  {
    name: 'ceil mode with padding',
    x: [1, 1, 6, 6],
    kernel: [3, 3],
    strides: [2, 2],
    padding: [
      [1, 1],
      [1, 1],
    ],
    outputSize: [4, 4],
  },
  { name: 'gaps', x: [1, 1, 7, 7], kernel: [1, 2], strides: [3, 3] },
  { name: 'single elements', x: [1, 1, 1, 1], kernel: [1, 1] },
  { name: 'no batch', x: [0, 2, 4, 4], kernel: [2, 2] },
];

const pools: OpCase[] = [
  ...poolings.flatMap(({ name, x, ...options }) => {
    const inputSize = x.slice(2);
    const y = g.averagePool(g.input('x', x), options).shape;
    return [
      ...cases('maxPoolIndices', (a) => g.maxPoolIndices(a, options), [
        [name, [real(x)]],
        [`${name}, ties`, [grid(x)]],
      ]),
      ...[false, true].flatMap((countIncludePad) => {
        const full = { ...options, countIncludePad };
        const label = countIncludePad ? `${name}, padding counts` : name;
        return [
          ...cases('averagePool', (a) => g.averagePool(a, full), [[label, [real(x)]]]),
          ...cases('averagePoolGradient', (a) => g.averagePoolGradient(a, { ...full, inputSize }), [
            [label, [real(y)]],
          ]),
        ];
      }),
    ];
  }),
  ...cases(
    'maxPoolIndices',
    (x) =>
      g.maxPoolIndices(x, {
        kernel: [2, 3],
        dilations: [2, 2],
        padding: [
          [1, 0],
          [1, 2],
        ],
      }),
    [['dilations', [real([2, 2, 6, 7])]]],
  ),
];

const indexed: OpCase[] = [
  ...cases('gather', (x, i) => g.gather(x, i, 0), [
    ['rows', [real([5, 3]), indices([4], 5)]],
    ['rows by int32', [real([5, 3]), indices([4], 5, 'int32')]],
    ['matrix of indices', [real([5, 3]), indices([2, 2], 5)]],
    ['one row', [real([5, 3]), indices([], 5)]],
    ['columns', [real([4, 6]), indices([3], 6)], (x, i) => g.gather(x, i, 1)],
    ['middle axis', [real([2, 5, 3]), indices([4], 5)], (x, i) => g.gather(x, i, 1)],
    ['vector', [real([5]), indices([9], 5)]],
    ['no indices', [real([5, 3]), indices([0], 5)]],
    ['int64', [int64([5, 3]), indices([4], 5)]],
    ['bool', [bools([5, 3]), indices([4], 5)]],
  ]),
  ...cases('scatterAdd', (u, i) => g.scatterAdd(u, i, { axis: 0, size: 5 }), [
    ['rows, some repeated', [real([8, 3]), indices([8], 5)]],
    ['rows by int32', [real([4, 3]), indices([4], 5, 'int32')]],
    ['matrix of indices', [real([2, 2, 3]), indices([2, 2], 5)]],
    ['one row', [real([3]), indices([], 5)]],
    ['middle axis', [real([2, 4, 3]), indices([4], 5)], (u, i) => g.scatterAdd(u, i, { axis: 1, size: 5 })],
    ['nothing', [real([0, 3]), indices([0], 5)]],
  ]),
  ...cases('gatherElements', g.gatherElements, [
    ['rows', [real([4, 6]), indices([4, 3], 6)]],
    ['by int32', [real([4, 6]), indices([4, 3], 6, 'int32')]],
    ['one each', [real([4, 6]), indices([4, 1], 6)]],
    ['vector', [real([6]), indices([9], 6)]],
    ['three axes', [real([2, 3, 4]), indices([2, 3, 2], 4)]],
    ['nothing', [real([4, 6]), indices([4, 0], 6)]],
    ['int64', [int64([4, 6]), indices([4, 3], 6)]],
  ]),
  ...cases('scatterAddElements', (u, i) => g.scatterAddElements(u, i, { size: 4 }), [
    ['rows, some repeated', [real([3, 7]), indices([3, 7], 4)]],
    ['by int32', [real([3, 2]), indices([3, 2], 4, 'int32')]],
    ['three axes', [real([2, 3, 2]), indices([2, 3, 2], 4)]],
    ['nothing', [real([3, 0]), indices([3, 0], 4)]],
  ]),
  ...cases('setRows', g.setRows, [
    ['rows', [real([9, 3]), indices([2], 9), real([2, 3])]],
    ['repeated rows', [real([3, 2]), indices([7], 3), real([7, 2])]],
    ['by int32', [real([5, 3]), indices([2], 5, 'int32'), real([2, 3])]],
    ['vector', [real([6]), indices([4], 6), real([4])]],
    ['planes', [real([4, 2, 3]), indices([3], 4), real([3, 2, 3])]],
    ['no rows', [real([4, 2]), indices([0], 4), real([0, 2])]],
    ['int64', [int64([5, 3]), indices([2], 5), int64([2, 3])]],
  ]),
];

const random: OpCase[] = cases('randomUniform', (key) => g.randomUniform(key, [3, 7]), [
  ['matrix', [integers([2], 'int32', -(2 ** 31), 2 ** 31 - 1)]],
  ['scalar', [integers([2])], (key) => g.randomUniform(key, [])],
  ['nothing', [integers([2])], (key) => g.randomUniform(key, [0, 4])],
  ['several blocks', [integers([2])], (key) => g.randomUniform(key, [1000])],
]);

export const opCases: readonly OpCase[] = [
  ...elementwise,
  ...shapes,
  ...reductions,
  ...products,
  ...convolutions,
  ...pools,
  ...indexed,
  ...random,
];
