import { bools, int64s, type TestTensor, tensor } from './onnx-builder.js';
import { between, type OperatorCase, random } from './operator-case.js';

const every = [9, 13, 17, 21, 23];

function scalar(value: number): TestTensor {
  return tensor([value], []);
}

function ints(value: number): TestTensor {
  return int64s([value], []);
}

/** The same case of several operators of one input. */
function unary(ops: readonly string[], x: TestTensor, opsets: readonly number[] = every): OperatorCase[] {
  return ops.map((op) => ({ op, opsets, inputs: [x] }));
}

function binary(
  ops: readonly string[],
  a: TestTensor,
  b: TestTensor,
  opsets: readonly number[] = every,
): OperatorCase[] {
  return ops.map((op) => ({ op, opsets, inputs: [a, b] }));
}

const image = random([2, 3, 7, 6]);
const signal = random([2, 3, 9]);

const elementwise: OperatorCase[] = [
  ...unary(['Abs', 'Ceil', 'Cos', 'Erf', 'Exp', 'Floor', 'Identity', 'Neg', 'Sign', 'Sin', 'Tan'], random([3, 4])),
  ...unary(['Log', 'Sqrt', 'Reciprocal'], between(0.1, 3, [3, 4])),
  { op: 'Round', opsets: [11, 22], inputs: [tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 0.4, 0.6])] },
  { op: 'Not', opsets: every, inputs: [bools([1, 0, 1])] },
  ...binary(['Add', 'Sub', 'Mul', 'Div'], random([2, 3, 4]), between(0.5, 2, [3, 1])),
  ...binary(['Add', 'Sub', 'Mul', 'Div'], int64s([7, -7, 9, 2]), int64s([2, 2, -4, 5])),
  { op: 'Mod', opsets: [10, 13], inputs: [int64s([7, -7, 9, -9, 4]), int64s([3, 3, -4, -4, 2])] },
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
  ...binary(['Equal', 'Greater', 'Less'], int64s([1, 2, 3]), int64s([3, 2, 1])),
  ...binary(['Greater', 'Less'], random([2, 3]), tensor([0.25])),
  ...binary(['GreaterOrEqual', 'LessOrEqual'], int64s([1, 2, 3]), int64s([3, 2, 1]), [12, 16]),
  ...['Max', 'Min', 'Mean', 'Sum'].flatMap((op): OperatorCase[] => [
    { op, opsets: every, inputs: [random([2, 3]), random([1, 3]), random([2, 1])] },
    { op, note: 'of one input', opsets: [13], inputs: [random([2, 3])] },
  ]),
  { op: 'Clip', opsets: [9, 10], inputs: [random([8])], attributes: { min: { float: -0.5 }, max: { float: 1 } } },
  { op: 'Clip', note: 'below only', opsets: [9], inputs: [random([8])], attributes: { min: { float: -0.5 } } },
  { op: 'Clip', opsets: [11, 13], inputs: [random([8]), scalar(-0.5), scalar(1)] },
  { op: 'Clip', note: 'above only', opsets: [11, 13], inputs: [random([8]), undefined, scalar(0.5)] },
  { op: 'Where', opsets: every, inputs: [bools([1, 0], [2, 1]), random([2, 3]), random([3])] },
];

const activation: OperatorCase[] = [
  ...unary(
    ['Elu', 'HardSigmoid', 'LeakyRelu', 'Relu', 'Selu', 'Sigmoid', 'Softplus', 'Softsign', 'Tanh'],
    random([3, 4], 4),
  ),
  ...['Elu', 'LeakyRelu'].map((op) => ({
    op,
    note: 'alpha',
    opsets: [9, 16],
    inputs: [random([9], 4)],
    attributes: { alpha: { float: 0.3 } },
  })),
  { op: 'Celu', opsets: [12], inputs: [random([9], 4)], attributes: { alpha: { float: 0.7 } } },
  { op: 'ThresholdedRelu', opsets: [10, 22], inputs: [random([9], 4)], attributes: { alpha: { float: 0.7 } } },
  {
    op: 'Selu',
    note: 'alpha and gamma',
    opsets: [9],
    inputs: [random([9], 4)],
    attributes: { alpha: { float: 1.2 }, gamma: { float: 0.9 } },
  },
  {
    op: 'HardSigmoid',
    note: 'alpha and beta',
    opsets: [9],
    inputs: [random([9], 4)],
    attributes: { alpha: { float: 0.4 }, beta: { float: 0.3 } },
  },
  { op: 'HardSwish', opsets: [14, 22], inputs: [random([9], 5)] },
  { op: 'Mish', opsets: [18, 22], inputs: [random([9], 4)] },
  { op: 'Gelu', opsets: [20], inputs: [random([9], 4)] },
  { op: 'Gelu', note: 'tanh', opsets: [20], inputs: [random([9], 4)], attributes: { approximate: 'tanh' } },
  { op: 'PRelu', opsets: [9, 16], inputs: [random([2, 3, 4, 5]), random([3, 1, 1])] },
  ...['Softmax', 'LogSoftmax'].flatMap((op): OperatorCase[] => [
    { op, note: 'default axis', opsets: [9, 11, 13], inputs: [random([2, 3, 4], 5)] },
    { op, note: 'axis 0', opsets: [9, 13], inputs: [random([2, 3, 4])], attributes: { axis: 0 } },
    { op, note: 'axis 2', opsets: [11, 13], inputs: [random([2, 3, 4])], attributes: { axis: 2 } },
    { op, note: 'axis -2', opsets: [11, 13], inputs: [random([2, 3, 4])], attributes: { axis: -2 } },
  ]),
];

const matmul: OperatorCase[] = [
  { op: 'Gemm', opsets: every, inputs: [random([3, 4]), random([4, 5]), random([5])] },
  {
    op: 'Gemm',
    note: 'transposed and scaled',
    opsets: every,
    inputs: [random([4, 3]), random([5, 4]), random([3, 1])],
    attributes: { transA: 1, transB: 1, alpha: { float: 0.5 }, beta: { float: -2 } },
  },
  { op: 'Gemm', note: 'without C', opsets: [11], inputs: [random([3, 4]), random([4, 5])] },
  { op: 'Gemm', note: 'scalar C', opsets: [11], inputs: [random([3, 4]), random([4, 5]), scalar(2)] },
  ...(
    [
      [
        [3, 4],
        [4, 5],
      ],
      [
        [2, 3, 4],
        [4, 5],
      ],
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      [
        [2, 1, 3, 4],
        [5, 4, 2],
      ],
      [
        [3, 4],
        [2, 4, 5],
      ],
      [[4], [4, 5]],
      [[3, 4], [4]],
      [[4], [4]],
      [[4], [2, 4, 3]],
      [[2, 3, 4], [4]],
    ] as const
  ).map(
    ([a, b]): OperatorCase => ({
      op: 'MatMul',
      note: `[${a}] by [${b}]`,
      opsets: [9, 13],
      inputs: [random(a), random(b)],
    }),
  ),
  ...(
    [
      ['ij->ji', [[2, 3]]],
      ['ij->', [[2, 3]]],
      ['ij', [[3, 2]]],
      [
        'ij,jk->ik',
        [
          [2, 3],
          [3, 4],
        ],
      ],
      [
        'bij, bkj -> bik',
        [
          [2, 3, 4],
          [2, 5, 4],
        ],
      ],
      [
        'bhid,bhjd->bhij',
        [
          [2, 2, 3, 4],
          [2, 2, 5, 4],
        ],
      ],
      [
        'bqhd,bkhd->bhqk',
        [
          [2, 3, 2, 4],
          [2, 5, 2, 4],
        ],
      ],
      ['i,j->ij', [[3], [4]]],
      [
        'ij,ij->',
        [
          [3, 4],
          [3, 4],
        ],
      ],
      [
        'ij,kl->jk',
        [
          [2, 3],
          [4, 5],
        ],
      ],
      [
        'ij,jk,kl->li',
        [
          [2, 3],
          [3, 4],
          [4, 5],
        ],
      ],
      [
        'ba,cb',
        [
          [2, 3],
          [4, 2],
        ],
      ],
    ] as const
  ).map(
    ([equation, shapes]): OperatorCase => ({
      op: 'Einsum',
      note: equation,
      opsets: [12, 18],
      inputs: shapes.map((shape) => random(shape)),
      attributes: { equation },
    }),
  ),
];

const convolution: OperatorCase[] = [
  { op: 'Conv', opsets: every, inputs: [image, random([4, 3, 3, 2]), random([4])] },
  {
    op: 'Conv',
    note: 'without bias',
    opsets: [11],
    inputs: [image, random([4, 3, 3, 3])],
    attributes: { kernel_shape: [3, 3] },
  },
  {
    op: 'Conv',
    note: 'strides, dilations and uneven pads',
    opsets: every,
    inputs: [image, random([4, 3, 3, 2]), random([4])],
    attributes: { strides: [2, 1], dilations: [2, 3], pads: [1, 0, 2, 3] },
  },
  {
    op: 'Conv',
    note: 'groups',
    opsets: [11],
    inputs: [random([2, 6, 5, 5]), random([4, 3, 3, 3])],
    attributes: { group: 2 },
  },
  { op: 'Conv', note: 'depthwise', opsets: [11], inputs: [image, random([6, 1, 3, 3])], attributes: { group: 3 } },
  {
    op: 'Conv',
    note: '1-D',
    opsets: [9, 11],
    inputs: [signal, random([4, 3, 3]), random([4])],
    attributes: { strides: [2], pads: [1, 1] },
  },
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map(
    (mode): OperatorCase => ({
      op: 'Conv',
      note: mode,
      opsets: [9, 11, 22],
      inputs: [image, random([4, 3, 3, 2])],
      attributes: { auto_pad: mode, strides: [2, 3] },
    }),
  ),
  { op: 'ConvTranspose', opsets: [9, 11, 22], inputs: [image, random([3, 4, 3, 2]), random([4])] },
  {
    op: 'ConvTranspose',
    note: 'strides, dilations, pads and output padding',
    opsets: [11],
    inputs: [image, random([3, 4, 3, 2]), random([4])],
    attributes: { strides: [3, 2], dilations: [2, 1], pads: [1, 0, 2, 1], output_padding: [2, 1] },
  },
  {
    op: 'ConvTranspose',
    note: 'groups',
    opsets: [11],
    inputs: [random([2, 4, 5, 5]), random([4, 3, 3, 3])],
    attributes: { group: 2 },
  },
  { op: 'ConvTranspose', note: '1-D', opsets: [11], inputs: [signal, random([3, 2, 3])], attributes: { strides: [2] } },
  {
    op: 'ConvTranspose',
    note: 'output shape',
    opsets: [11],
    inputs: [image, random([3, 4, 3, 3])],
    attributes: { strides: [2, 2], output_shape: [14, 12] },
  },
  ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map(
    (mode): OperatorCase => ({
      op: 'ConvTranspose',
      note: mode,
      opsets: [11],
      inputs: [image, random([3, 4, 3, 4])],
      attributes: { auto_pad: mode, strides: [2, 3] },
    }),
  ),
];

const pooling: OperatorCase[] = [
  ...['MaxPool', 'AveragePool'].flatMap((op): OperatorCase[] => [
    { op, opsets: [9, 10, 11, 19, 22], inputs: [image], attributes: { kernel_shape: [2, 3] } },
    {
      op,
      note: 'strides and pads',
      opsets: [9, 11, 22],
      inputs: [image],
      attributes: { kernel_shape: [3, 3], strides: [2, 1], pads: [1, 0, 2, 2] },
    },
    { op, note: '1-D', opsets: [9, 12], inputs: [signal], attributes: { kernel_shape: [3], strides: [2] } },
    {
      op,
      note: 'ceil mode',
      opsets: [10, 19],
      inputs: [image],
      attributes: { kernel_shape: [2, 2], strides: [2, 4], ceil_mode: 1 },
    },
    {
      op,
      note: 'ceil mode with a last window in the padding',
      opsets: [22],
      inputs: [random([1, 2, 4, 4])],
      attributes: { kernel_shape: [2, 2], strides: [3, 3], pads: [1, 1, 1, 1], ceil_mode: 1 },
    },
    ...['SAME_UPPER', 'SAME_LOWER', 'VALID'].map(
      (mode): OperatorCase => ({
        op,
        note: mode,
        opsets: [9, 12],
        inputs: [image],
        attributes: { kernel_shape: [3, 2], strides: [2, 2], auto_pad: mode },
      }),
    ),
  ]),
  {
    op: 'MaxPool',
    note: 'dilations',
    opsets: [10, 12],
    inputs: [image],
    attributes: { kernel_shape: [2, 2], dilations: [3, 2] },
  },
  {
    op: 'AveragePool',
    note: 'padding counts',
    opsets: [9, 11, 19],
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 },
  },
  {
    op: 'AveragePool',
    note: 'padding counts in ceil mode',
    opsets: [19],
    inputs: [image],
    attributes: { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 0, 0], count_include_pad: 1, ceil_mode: 1 },
  },
  ...unary(['GlobalAveragePool', 'GlobalMaxPool'], image, [9, 22]),
  ...unary(['GlobalAveragePool', 'GlobalMaxPool'], signal, [9]),
];

const normalization: OperatorCase[] = [
  {
    op: 'BatchNormalization',
    opsets: [9, 14, 15],
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
];

const reductions = ['L1', 'L2', 'LogSum', 'LogSumExp', 'Max', 'Mean', 'Min', 'Prod', 'Sum', 'SumSquare'];

const reduction: OperatorCase[] = [
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

const shape: OperatorCase[] = [
  { op: 'Reshape', opsets: every, inputs: [random([2, 3, 4]), int64s([0, -1])] },
  {
    op: 'Reshape',
    note: 'allowzero',
    opsets: [14, 19],
    inputs: [random([2, 0, 3]), int64s([3, 0])],
    attributes: { allowzero: 1 },
  },
  { op: 'Flatten', opsets: every, inputs: [random([2, 3, 4])] },
  ...[0, 2, 3].map(
    (axis): OperatorCase => ({
      op: 'Flatten',
      note: `axis ${axis}`,
      opsets: [9, 13],
      inputs: [random([2, 3, 4])],
      attributes: { axis },
    }),
  ),
  { op: 'Flatten', note: 'axis -1', opsets: [11, 13], inputs: [random([2, 3, 4])], attributes: { axis: -1 } },
  { op: 'Transpose', opsets: every, inputs: [random([2, 3, 4])] },
  { op: 'Transpose', note: 'perm', opsets: every, inputs: [random([2, 3, 4])], attributes: { perm: [1, 2, 0] } },
  { op: 'Squeeze', opsets: every, inputs: [random([1, 3, 1])] },
  { op: 'Squeeze', note: 'axes', opsets: [9, 11], inputs: [random([1, 3, 1])], attributes: { axes: [2] } },
  { op: 'Squeeze', note: 'axes', opsets: [13, 21], inputs: [random([1, 3, 1]), int64s([-1])] },
  { op: 'Unsqueeze', opsets: [9, 11], inputs: [random([2, 3])], attributes: { axes: [0, 3] } },
  { op: 'Unsqueeze', opsets: [13, 21], inputs: [random([2, 3]), int64s([-1, 0])] },
  { op: 'Concat', opsets: every, inputs: [random([2, 3]), random([2, 1]), random([2, 2])], attributes: { axis: 1 } },
  {
    op: 'Concat',
    note: 'negative axis',
    opsets: [11, 13],
    inputs: [random([2, 3]), random([2, 3])],
    attributes: { axis: -2 },
  },
  { op: 'Split', opsets: [9, 11, 13], inputs: [random([4, 6])], attributes: { axis: 1 }, outputs: 3 },
  {
    op: 'Split',
    note: 'sizes',
    opsets: [9, 11],
    inputs: [random([4, 6])],
    attributes: { axis: 1, split: [1, 2, 3] },
    outputs: 3,
  },
  { op: 'Split', note: 'sizes', opsets: [13, 18], inputs: [random([6, 2]), int64s([1, 2, 3])], outputs: 3 },
  {
    op: 'Split',
    note: 'a smaller last part',
    opsets: [18],
    inputs: [random([7, 2])],
    attributes: { num_outputs: 3 },
    outputs: 3,
  },
  { op: 'Slice', opsets: [9], inputs: [random([5, 6])], attributes: { starts: [1, -4], ends: [4, 2147483647] } },
  {
    op: 'Slice',
    note: 'axes',
    opsets: [9],
    inputs: [random([5, 6])],
    attributes: { starts: [-3], ends: [-1], axes: [1] },
  },
  { op: 'Slice', opsets: [10, 13], inputs: [random([5, 6]), int64s([1, -4]), int64s([4, 1e15])] },
  {
    op: 'Slice',
    note: 'axes and steps',
    opsets: [10, 13],
    inputs: [random([5, 6]), int64s([1]), int64s([100]), int64s([-1]), int64s([2])],
  },
  {
    op: 'Slice',
    note: 'backwards',
    opsets: [10, 13],
    inputs: [random([5, 6]), int64s([-1, 4]), int64s([-1e15, 0]), int64s([0, 1]), int64s([-1, -2])],
  },
  {
    op: 'Slice',
    note: 'to nothing',
    opsets: [10, 13],
    inputs: [random([5, 6]), int64s([4]), int64s([2]), int64s([0])],
  },
  { op: 'Expand', opsets: [9, 13], inputs: [random([3, 1]), int64s([2, 1, 4])] },
  { op: 'Tile', opsets: [9, 13], inputs: [random([2, 3]), int64s([2, 3])] },
  { op: 'Pad', opsets: [9, 10], inputs: [random([2, 3])], attributes: { pads: [1, 0, 0, 2], value: { float: 1.5 } } },
  { op: 'Pad', opsets: [11, 13], inputs: [random([2, 3]), int64s([1, 0, 0, 2]), scalar(1.5)] },
  { op: 'Pad', note: 'zeros', opsets: [11, 13], inputs: [random([2, 3]), int64s([1, 0, 0, 2])] },
  { op: 'Pad', note: 'negative', opsets: [11, 13], inputs: [random([4, 5]), int64s([-1, 2, 1, -2])] },
  { op: 'Pad', note: 'axes', opsets: [18, 21], inputs: [random([2, 3]), int64s([1, 2]), undefined, int64s([-1])] },
  ...['reflect', 'edge'].map(
    (mode): OperatorCase => ({
      op: 'Pad',
      note: mode,
      opsets: [11, 13],
      inputs: [random([4, 5]), int64s([1, 2, 3, 4])],
      attributes: { mode },
    }),
  ),
  {
    op: 'Pad',
    note: 'wrap',
    opsets: [19],
    inputs: [random([4, 5]), int64s([1, 2, 3, 4])],
    attributes: { mode: 'wrap' },
  },
  { op: 'DepthToSpace', opsets: [9, 11, 13], inputs: [random([2, 8, 2, 3])], attributes: { blocksize: 2 } },
  {
    op: 'DepthToSpace',
    note: 'CRD',
    opsets: [11, 13],
    inputs: [random([2, 8, 2, 3])],
    attributes: { blocksize: 2, mode: 'CRD' },
  },
  { op: 'SpaceToDepth', opsets: [9, 13], inputs: [random([2, 3, 4, 6])], attributes: { blocksize: 2 } },
  { op: 'Shape', opsets: every, inputs: [random([2, 3, 4])] },
  { op: 'Shape', note: 'part', opsets: [15, 19], inputs: [random([2, 3, 4])], attributes: { start: -2, end: 10 } },
  { op: 'Shape', note: 'nothing', opsets: [15], inputs: [random([2, 3, 4])], attributes: { start: 2, end: 1 } },
  { op: 'Size', opsets: every, inputs: [random([2, 3, 4])] },
];

const indexing: OperatorCase[] = [
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

const constants: OperatorCase[] = [
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
  { op: 'CastLike', opsets: [15, 19], inputs: [random([6]), int64s([1])] },
  { op: 'Range', opsets: [11], inputs: [ints(10), ints(3), ints(-2)], folded: true },
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
  { op: 'Constant', opsets: [9, 13], inputs: [], attributes: { value: { tensor: random([2, 3]) } }, folded: true },
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

const loss: OperatorCase[] = [
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

const dropout: OperatorCase[] = [
  { op: 'Dropout', note: 'inference', opsets: [9, 10], inputs: [random([5])], attributes: { ratio: { float: 0.5 } } },
  { op: 'Dropout', note: 'inference', opsets: [12, 13, 22], inputs: [random([5]), scalar(0.5), bools([0], [])] },
];

/** Cases of every operator whose result ONNX Runtime can confirm. */
export const operatorCases: readonly OperatorCase[] = [
  ...elementwise,
  ...activation,
  ...matmul,
  ...convolution,
  ...pooling,
  ...normalization,
  ...reduction,
  ...shape,
  ...indexing,
  ...constants,
  ...loss,
  ...dropout,
];
