import type { ErrorCode } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';
import type { DType, Shape } from '../../lib/tensor.js';
import { builders } from './op-cases/index.js';

/** A wrong use of an op and the error that it must give where it is written. */
export interface OpError {
  readonly op: g.OpName;
  readonly name: string;
  readonly code: ErrorCode;
  readonly build: () => g.Node;
}

const x = (shape: Shape, dtype?: DType) => g.input('x', shape, dtype);

type Row = readonly [name: string, code: ErrorCode, build: () => g.Node];

function errors(op: g.OpName, ...rows: readonly Row[]): OpError[] {
  return rows.map(([name, code, build]) => ({ op, name, code, build }));
}

const realUnary = [
  'exp',
  'log',
  'sqrt',
  'tanh',
  'sigmoid',
  'erf',
  'relu',
  'softplus',
  'sin',
  'cos',
  'floor',
  'ceil',
  'round',
] as const;
const numericUnary = ['neg', 'abs', 'sign'] as const;
const numericBinary = [
  'add',
  'sub',
  'mul',
  'div',
  'maximum',
  'minimum',
  'less',
  'lessEqual',
  'greater',
  'greaterEqual',
] as const;

const window = { kernel: [2, 2] };
const sparse = () => ({ values: x([6]), indices: x([6], 'int32'), extents: x([2, 2], 'int32') });

export const opErrors: readonly OpError[] = [
  ...errors(
    'input',
    ['negative size', 'INVALID_ARGUMENT', () => g.input('x', [2, -1])],
    ['fractional size', 'INVALID_ARGUMENT', () => g.input('x', [1.5])],
    ['no name', 'INVALID_ARGUMENT', () => g.input('', [1])],
    ['too many elements', 'LIMIT_EXCEEDED', () => g.input('x', [2 ** 30, 2 ** 30])],
  ),
  ...errors(
    'constant',
    ['too few values', 'SHAPE_MISMATCH', () => g.constant([1, 2], [3])],
    ['fraction in an integer', 'INVALID_ARGUMENT', () => g.constant([1.5], [1], 'int32')],
    ['two in a bool', 'INVALID_ARGUMENT', () => g.constant([2], [1], 'bool')],
    ['integer beyond 2^53', 'INVALID_ARGUMENT', () => g.constant([2n ** 60n], [1], 'int64')],
    ['integer beyond int32', 'INVALID_ARGUMENT', () => g.constant([2 ** 31], [1], 'int32')],
  ),
  ...realUnary.flatMap((op) => errors(op, ['integer', 'SHAPE_MISMATCH', () => builders[op](x([2], 'int32'))])),
  ...numericUnary.flatMap((op) => errors(op, ['bool', 'SHAPE_MISMATCH', () => builders[op](x([2], 'bool'))])),
  ...errors('not', ['float32', 'SHAPE_MISMATCH', () => g.not(x([2]))]),
  ...errors('stopGradient', [
    'two operands',
    'INVALID_ARGUMENT',
    () => g.createNode('stopGradient', [x([1]), x([1])], {}),
  ]),
  ...errors('cast', ['no operand', 'INVALID_ARGUMENT', () => g.createNode('cast', [], { dtype: 'bool' })]),
  ...numericBinary.flatMap((op) =>
    errors(
      op,
      ['shapes', 'SHAPE_MISMATCH', () => builders[op](x([2, 3]), x([2]))],
      ['dtypes', 'SHAPE_MISMATCH', () => builders[op](x([2], 'int32'), x([2], 'int64'))],
      ['bool', 'SHAPE_MISMATCH', () => builders[op](x([2], 'bool'), x([2], 'bool'))],
      ['one operand', 'INVALID_ARGUMENT', () => g.createNode(op, [x([2])], {})],
    ),
  ),
  ...errors(
    'pow',
    ['integers', 'SHAPE_MISMATCH', () => g.pow(x([2], 'int32'), 2)],
    ['shapes', 'SHAPE_MISMATCH', () => g.pow(x([2]), x([3]))],
  ),
  ...(['equal', 'notEqual'] as const).flatMap((op) =>
    errors(
      op,
      ['dtypes', 'SHAPE_MISMATCH', () => builders[op](x([2], 'bool'), x([2]))],
      ['shapes', 'SHAPE_MISMATCH', () => builders[op](x([2]), x([3]))],
    ),
  ),
  ...(['and', 'or'] as const).flatMap((op) =>
    errors(
      op,
      ['float32', 'SHAPE_MISMATCH', () => builders[op](x([2]), x([2]))],
      ['shapes', 'SHAPE_MISMATCH', () => builders[op](x([2], 'bool'), x([3], 'bool'))],
    ),
  ),
  ...errors(
    'where',
    ['float32 condition', 'SHAPE_MISMATCH', () => g.where(x([2]), 1, 2)],
    ['dtypes', 'SHAPE_MISMATCH', () => g.where(x([2], 'bool'), x([2]), x([2], 'int32'))],
    ['shapes', 'SHAPE_MISMATCH', () => g.where(x([2], 'bool'), x([3]), 0)],
  ),
  ...errors(
    'reshape',
    ['elements', 'SHAPE_MISMATCH', () => g.reshape(x([2, 3]), [4])],
    ['negative size', 'INVALID_ARGUMENT', () => g.reshape(x([2, 3]), [-2])],
    ['two rests', 'INVALID_ARGUMENT', () => g.reshape(x([2, 3]), [-1, -1])],
    ['no whole rest', 'INVALID_ARGUMENT', () => g.reshape(x([2, 3]), [4, -1])],
  ),
  ...errors(
    'transpose',
    ['too few axes', 'INVALID_ARGUMENT', () => g.transpose(x([2, 3]), [1])],
    ['repeated axis', 'INVALID_ARGUMENT', () => g.transpose(x([2, 3]), [1, 1])],
    ['no such axis', 'INVALID_ARGUMENT', () => g.createNode('transpose', [x([2, 3])], { permutation: [0, 2] })],
  ),
  ...errors(
    'broadcastTo',
    ['other size', 'SHAPE_MISMATCH', () => g.broadcastTo(x([3]), [2])],
    ['fewer dimensions', 'SHAPE_MISMATCH', () => g.broadcastTo(x([1, 2]), [2])],
  ),
  ...errors(
    'slice',
    ['beyond the end', 'SHAPE_MISMATCH', () => g.slice(x([3]), { starts: [0], limits: [4] })],
    ['backwards', 'SHAPE_MISMATCH', () => g.slice(x([3]), { starts: [2], limits: [1] })],
    ['stride 0', 'INVALID_ARGUMENT', () => g.slice(x([3]), { starts: [0], limits: [1], strides: [0] })],
    ['rank', 'INVALID_ARGUMENT', () => g.slice(x([3, 3]), { starts: [0], limits: [1] })],
  ),
  ...errors(
    'pad',
    ['negative', 'INVALID_ARGUMENT', () => g.pad(x([3]), { low: [-1], high: [0] })],
    ['rank', 'INVALID_ARGUMENT', () => g.pad(x([3, 3]), { low: [1], high: [0] })],
    ['too many elements', 'LIMIT_EXCEEDED', () => g.pad(x([3, 3]), { low: [2 ** 40, 0], high: [0, 2 ** 40] })],
  ),
  ...errors(
    'concat',
    ['other axes', 'SHAPE_MISMATCH', () => g.concat([x([2, 3]), x([3, 3])], 1)],
    ['dtypes', 'SHAPE_MISMATCH', () => g.concat([x([2]), x([2], 'int32')], 0)],
    ['ranks', 'SHAPE_MISMATCH', () => g.concat([x([2]), x([2, 2])], 0)],
    ['no operand', 'SHAPE_MISMATCH', () => g.createNode('concat', [], { axis: 0 })],
    ['no such axis', 'INVALID_ARGUMENT', () => g.createNode('concat', [x([2])], { axis: 1 })],
  ),
  ...(['reduceSum', 'reduceMax'] as const).flatMap((op) =>
    errors(
      op,
      ['integers', 'SHAPE_MISMATCH', () => builders[op](x([2], 'int32'))],
      ['no such axis', 'INVALID_ARGUMENT', () => g.createNode(op, [x([2])], { axes: [1] })],
      ['repeated axis', 'INVALID_ARGUMENT', () => builders[op](x([2, 3]), [1, -1])],
    ),
  ),
  ...errors(
    'argMax',
    ['integers', 'SHAPE_MISMATCH', () => g.argMax(x([2], 'int32'), 0)],
    ['of nothing', 'SHAPE_MISMATCH', () => g.argMax(x([2, 0]), 1)],
    ['no such axis', 'INVALID_ARGUMENT', () => g.createNode('argMax', [x([2])], { axis: 1 })],
  ),
  ...errors(
    'matmul',
    ['inner dimensions', 'SHAPE_MISMATCH', () => g.matmul(x([2, 3]), x([2, 3]))],
    ['batch dimensions', 'SHAPE_MISMATCH', () => g.matmul(x([2, 3, 3]), x([4, 3, 3]))],
    ['ranks', 'SHAPE_MISMATCH', () => g.matmul(x([2, 3, 3]), x([3, 3]))],
    ['vectors', 'SHAPE_MISMATCH', () => g.matmul(x([3]), x([3]))],
    ['integers', 'SHAPE_MISMATCH', () => g.matmul(x([3, 3]), x([3, 3], 'int32'))],
  ),
  ...errors(
    'conv',
    ['channels', 'SHAPE_MISMATCH', () => g.conv(x([1, 3, 5]), x([2, 2, 3]))],
    ['groups', 'SHAPE_MISMATCH', () => g.conv(x([1, 4, 5]), x([3, 2, 3]), { groups: 2 })],
    ['no groups', 'INVALID_ARGUMENT', () => g.conv(x([1, 4, 5]), x([3, 2, 3]), { groups: 0 })],
    ['three spatial dimensions', 'SHAPE_MISMATCH', () => g.conv(x([1, 1, 3, 3, 3]), x([1, 1, 3, 3, 3]))],
    ['rank of w', 'SHAPE_MISMATCH', () => g.conv(x([1, 1, 3, 3]), x([1, 1, 3]))],
    ['stride 0', 'INVALID_ARGUMENT', () => g.conv(x([1, 1, 5]), x([1, 1, 3]), { strides: [0] })],
    ['dilation 0', 'INVALID_ARGUMENT', () => g.conv(x([1, 1, 5]), x([1, 1, 3]), { dilations: [0] })],
    ['negative padding', 'INVALID_ARGUMENT', () => g.conv(x([1, 1, 5]), x([1, 1, 3]), { padding: [[0, -1]] })],
    ['empty kernel', 'SHAPE_MISMATCH', () => g.conv(x([1, 1, 5]), x([1, 1, 0]))],
    ['integers', 'SHAPE_MISMATCH', () => g.conv(x([1, 1, 5], 'int32'), x([1, 1, 3]))],
  ),
  ...errors(
    'convInputGradient',
    ['size of y', 'SHAPE_MISMATCH', () => g.convInputGradient(x([1, 1, 5]), x([1, 1, 3]), { inputSize: [5] })],
    ['rank', 'INVALID_ARGUMENT', () => g.convInputGradient(x([1, 1, 5]), x([1, 1, 3]), { inputSize: [7, 7] })],
  ),
  ...errors(
    'convFilterGradient',
    ['size of y', 'SHAPE_MISMATCH', () => g.convFilterGradient(x([1, 1, 5]), x([1, 1, 5]), { kernelSize: [3] })],
    ['rank', 'INVALID_ARGUMENT', () => g.convFilterGradient(x([1, 1, 5]), x([1, 1, 3]), { kernelSize: [] })],
    ['batch', 'SHAPE_MISMATCH', () => g.convFilterGradient(x([1, 1, 5]), x([2, 1, 3]), { kernelSize: [3] })],
  ),
  ...errors(
    'maxPoolIndices',
    ['rank', 'SHAPE_MISMATCH', () => g.maxPoolIndices(x([4, 4]), window)],
    ['integers', 'SHAPE_MISMATCH', () => g.maxPoolIndices(x([1, 1, 4, 4], 'int32'), window)],
    ['scale', 'SHAPE_MISMATCH', () => g.maxPoolIndices(x([1, 2, 4, 4]), window, x([2]))],
    ['integer scale', 'SHAPE_MISMATCH', () => g.maxPoolIndices(x([1, 2, 4, 4]), window, x([1, 2], 'int32'))],
    ['kernel', 'INVALID_ARGUMENT', () => g.maxPoolIndices(x([1, 1, 4, 4]), { kernel: [2] })],
    [
      'window in the padding',
      'SHAPE_MISMATCH',
      () =>
        g.maxPoolIndices(x([1, 1, 4, 4]), {
          ...window,
          padding: [
            [2, 0],
            [0, 0],
          ],
        }),
    ],
  ),
  ...errors(
    'averagePool',
    [
      'window beyond the end',
      'SHAPE_MISMATCH',
      () => g.averagePool(x([1, 1, 4, 4]), { ...window, outputSize: [5, 3] }),
    ],
    ['stride 0', 'INVALID_ARGUMENT', () => g.averagePool(x([1, 1, 4, 4]), { ...window, strides: [0, 1] })],
  ),
  ...errors(
    'averagePoolGradient',
    ['size of y', 'SHAPE_MISMATCH', () => g.averagePoolGradient(x([1, 1, 4, 4]), { ...window, inputSize: [4, 4] })],
    ['rank', 'INVALID_ARGUMENT', () => g.averagePoolGradient(x([1, 1, 4, 4]), { ...window, inputSize: [4] })],
  ),
  ...errors(
    'warpAffine',
    ['rank', 'SHAPE_MISMATCH', () => g.warpAffine(x([2, 4, 4]), x([2, 2, 3]))],
    ['integers', 'SHAPE_MISMATCH', () => g.warpAffine(x([2, 1, 4, 4], 'int32'), x([2, 2, 3]))],
    ['one map for all images', 'SHAPE_MISMATCH', () => g.warpAffine(x([2, 1, 4, 4]), x([1, 2, 3]))],
    ['integer maps', 'SHAPE_MISMATCH', () => g.warpAffine(x([2, 1, 4, 4]), x([2, 2, 3], 'int32'))],
    ['images without pixels', 'INVALID_ARGUMENT', () => g.warpAffine(x([2, 1, 0, 4]), x([2, 2, 3]))],
    ['size', 'INVALID_ARGUMENT', () => g.warpAffine(x([2, 1, 4, 4]), x([2, 2, 3]), { outputSize: [4] })],
  ),
  ...errors(
    'warpAffineGradient',
    ['rank', 'SHAPE_MISMATCH', () => g.warpAffineGradient(x([4]), x([4, 2, 3]), { inputSize: [4, 4] })],
    ['maps', 'SHAPE_MISMATCH', () => g.warpAffineGradient(x([2, 1, 4, 4]), x([2, 6]), { inputSize: [4, 4] })],
    ['no pixels', 'INVALID_ARGUMENT', () => g.warpAffineGradient(x([2, 1, 4, 4]), x([2, 2, 3]), { inputSize: [4, 0] })],
  ),
  ...errors(
    'sparseMatmul',
    ['rows of x', 'SHAPE_MISMATCH', () => g.sparseMatmul(sparse(), x([4, 3]), { size: 5 })],
    [
      'rows of the transpose',
      'SHAPE_MISMATCH',
      () => g.sparseMatmul(sparse(), x([3, 3]), { transpose: true, size: 4 }),
    ],
    ['a vector', 'SHAPE_MISMATCH', () => g.sparseMatmul(sparse(), x([4]))],
    ['integers', 'SHAPE_MISMATCH', () => g.sparseMatmul(sparse(), x([4, 3], 'int32'))],
    ['no size', 'INVALID_ARGUMENT', () => g.sparseMatmul(sparse(), x([2, 3]), { transpose: true, size: 1.5 })],
    ['values', 'SHAPE_MISMATCH', () => g.sparseMatmul({ ...sparse(), values: x([7]) }, x([4, 3]))],
    ['integer values', 'SHAPE_MISMATCH', () => g.sparseMatmul({ ...sparse(), values: x([6], 'int32') }, x([4, 3]))],
    ['real indices', 'SHAPE_MISMATCH', () => g.sparseMatmul({ ...sparse(), indices: x([6]) }, x([4, 3]))],
    [
      'a matrix of entries',
      'SHAPE_MISMATCH',
      () => g.sparseMatmul({ ...sparse(), indices: x([6, 1], 'int32') }, x([4, 3])),
    ],
    ['offsets', 'SHAPE_MISMATCH', () => g.sparseMatmul({ ...sparse(), extents: x([3], 'int32') }, x([4, 3]))],
    ['batch', 'SHAPE_MISMATCH', () => g.sparseMatmul({ ...sparse(), extents: x([5, 2, 2], 'int32') }, x([4, 4, 3]))],
  ),
  ...errors(
    'sampledMatmul',
    ['rows of a', 'SHAPE_MISMATCH', () => g.sampledMatmul(sparse(), x([3, 3]), x([4, 3]))],
    ['columns', 'SHAPE_MISMATCH', () => g.sampledMatmul(sparse(), x([2, 3]), x([4, 2]))],
    ['rank of b', 'SHAPE_MISMATCH', () => g.sampledMatmul(sparse(), x([2, 3]), x([1, 4, 3]))],
    ['integers', 'SHAPE_MISMATCH', () => g.sampledMatmul(sparse(), x([2, 3]), x([4, 3], 'int32'))],
  ),
  ...errors(
    'gather',
    ['real indices', 'SHAPE_MISMATCH', () => g.gather(x([4]), x([2]))],
    ['of a scalar', 'INVALID_ARGUMENT', () => g.createNode('gather', [x([]), x([2], 'int32')], { axis: 0 })],
  ),
  ...errors(
    'scatterAdd',
    ['shape of indices', 'SHAPE_MISMATCH', () => g.scatterAdd(x([4, 2]), x([3], 'int32'), { axis: 0, size: 5 })],
    [
      'more indices than updates',
      'SHAPE_MISMATCH',
      () => g.scatterAdd(x([]), x([3, 1], 'int32'), { axis: 0, size: 5 }),
    ],
    ['integers', 'SHAPE_MISMATCH', () => g.scatterAdd(x([3], 'int32'), x([3], 'int32'), { axis: 0, size: 5 })],
    ['no such axis', 'INVALID_ARGUMENT', () => g.scatterAdd(x([3]), x([3], 'int32'), { axis: 1, size: 5 })],
    ['negative size', 'INVALID_ARGUMENT', () => g.scatterAdd(x([3]), x([3], 'int32'), { axis: 0, size: -1 })],
  ),
  ...errors(
    'gatherElements',
    ['leading dimensions', 'SHAPE_MISMATCH', () => g.gatherElements(x([4, 2]), x([3, 2], 'int32'))],
    ['real indices', 'SHAPE_MISMATCH', () => g.gatherElements(x([4, 2]), x([4, 2]))],
    ['scalars', 'SHAPE_MISMATCH', () => g.gatherElements(x([]), x([], 'int32'))],
  ),
  ...errors(
    'scatterAddElements',
    ['shapes', 'SHAPE_MISMATCH', () => g.scatterAddElements(x([4, 2]), x([4, 3], 'int32'), { size: 3 })],
    ['scalars', 'SHAPE_MISMATCH', () => g.scatterAddElements(x([]), x([], 'int32'), { size: 3 })],
    ['fractional size', 'INVALID_ARGUMENT', () => g.scatterAddElements(x([4]), x([4], 'int32'), { size: 1.5 })],
  ),
  ...errors(
    'setRows',
    ['rows', 'SHAPE_MISMATCH', () => g.setRows(x([4, 2]), x([3], 'int32'), x([3, 3]))],
    ['dtypes', 'SHAPE_MISMATCH', () => g.setRows(x([4]), x([3], 'int32'), x([3], 'int32'))],
    ['matrix of indices', 'SHAPE_MISMATCH', () => g.setRows(x([4]), x([3, 1], 'int32'), x([3, 1]))],
  ),
  ...errors(
    'randomUniform',
    ['long key', 'SHAPE_MISMATCH', () => g.randomUniform(x([3], 'int32'), [4])],
    ['real key', 'SHAPE_MISMATCH', () => g.randomUniform(x([2]), [4])],
    ['negative size', 'INVALID_ARGUMENT', () => g.randomUniform(x([2], 'int32'), [-4])],
  ),
  ...errors('shardable', ['axis', 'INVALID_ARGUMENT', () => g.shardable(x([2]), 1)]),
  ...errors('allReduce', ['integers', 'SHAPE_MISMATCH', () => g.allReduce(x([2], 'int32'))]),
];
