import test from 'ava';
import type { ErrorCode } from '../../lib/errors.js';
import * as g from '../../lib/graph/index.js';
import { Tensor } from '../../lib/tensor.js';

const x = g.input('x', [2, 3]);
const plane = g.input('plane', [1, 1, 4, 4]);
const index = g.input('index', [2], 'int32');
const none = undefined as never;

const refused: Readonly<Record<string, readonly [() => unknown, RegExp, ErrorCode?]>> = {
  'add of nothing': [() => g.add(none, 1), /a graph node for an operand but received undefined/],
  'add of null': [() => g.add(x, null as never), /an operand but received null/],
  'add of a tensor': [() => g.add(x, Tensor.zeros([1]) as never), /an object of class Tensor/],
  'exp of a text': [() => g.exp('x' as never), /received "x"/],
  'where without a condition': [() => g.where(none, 1, 2), /operand 1 of where/],
  'cast of a number': [() => g.cast(1 as never, 'int32'), /a graph node for x but received 1/],
  'cast to another dtype': [() => g.cast(x, 'float64' as never), /dtype but received "float64"/],
  'an input without a name': [() => g.input(none, [1]), /for name/],
  'an input without a shape': [() => g.input('x', none), /for shape but received undefined/],
  'an input of another dtype': [() => g.input('x', [1], 'float64' as never), /for dtype/],
  'a constant of nothing': [() => g.constant(none), /for values but received undefined/],
  'a constant of nested lists': [() => g.constant([[1], [2]] as never), /one list of numbers/],
  'reshape without a shape': [() => g.reshape(x, none), /for shape but received undefined/],
  'reshape of nothing': [() => g.reshape(none, [1]), /for x/],
  'transpose by a number': [() => g.transpose(x, 1 as never), /for permutation but received 1/],
  'transpose of nothing': [() => g.transpose(none), /for x/],
  'broadcastTo without a shape': [() => g.broadcastTo(x, none), /for shape/],
  'zeros without a shape': [() => g.zeros(none), /for shape/],
  'expandDims without axes': [() => g.expandDims(x, none), /for axes/],
  'slice without options': [() => g.slice(x, none), /the options of slice/],
  'slice without limits': [() => g.slice(x, { starts: [0, 0] } as never), /for limits/],
  'pad with an unknown option': [
    () => g.pad(x, { low: [0, 0], hihg: [1, 1] } as never),
    /pad has no option "hihg"\. Did you mean high\?/,
    'UNKNOWN_OPTION',
  ],
  'concat of one node': [() => g.concat(x as never, 0), /a list of graph nodes for xs/],
  'concat of a number': [() => g.concat([x, 1 as never], 0), /xs\[1\] but received 1/],
  'reduceSum over a number': [() => g.reduceSum(x, 1 as never), /for axes but received 1/],
  'reduceSum with an unknown option': [
    () => g.reduceSum(x, [0], { keepdim: true } as never),
    /Did you mean keepDims/,
    'UNKNOWN_OPTION',
  ],
  'mean of nothing': [() => g.mean(none), /for x/],
  'argMax of nothing': [() => g.argMax(none, 0), /for x/],
  'sumTo without a shape': [() => g.sumTo(x, none), /for shape/],
  'gather from nothing': [() => g.gather(none, index), /for x/],
  'gather without indices': [() => g.gather(x, none), /operand 2 of gather/],
  'scatterAdd without options': [() => g.scatterAdd(x, index, none), /the options of scatterAdd/],
  'matmul with an unknown option': [
    () => g.matmul(x, x, { transposeb: true } as never),
    /Did you mean transposeB/,
    'UNKNOWN_OPTION',
  ],
  'conv of nothing': [() => g.conv(none, plane), /first operand/],
  'conv with an unknown option': [
    () => g.conv(plane, plane, { stride: [2, 2] } as never),
    /Did you mean strides/,
    'UNKNOWN_OPTION',
  ],
  'conv with flat padding': [() => g.conv(plane, plane, { padding: [1, 1] as never }), /\[low, high\], one for each/],
  'maxPool without options': [() => g.maxPool(plane, none), /the options of maxPool/],
  'averagePool without a kernel': [() => g.averagePool(plane, {} as never), /for kernel/],
  'randomUniform without a shape': [() => g.randomUniform(index, none), /for shape/],
  'crossEntropy without labels': [() => g.crossEntropy(x, none), /for labels/],
  'crossEntropy that ignores soft labels': [
    () => g.crossEntropy(plane, plane, { ignoreIndex: -1 }),
    /none beside soft labels/,
  ],
  'crossEntropy of nothing': [() => g.crossEntropy(none, index), /for logits/],
  'globalAveragePool of nothing': [() => g.globalAveragePool(none), /for x/],
  'dropout of nothing': [() => g.dropout(none, 0.5, index), /for x/],
  'inner of nothing': [() => g.inner(none, [x]), /a list of graph nodes for as/],
  'gradient of a number': [() => g.gradient(1 as never, []), /a graph node for y but received 1/],
  'gradient without variables': [() => g.gradient(g.reduceSum(x), none), /a list of graph nodes for xs/],
  'gradient by one node': [() => g.gradient(g.reduceSum(x), x as never), /a list of graph nodes for xs/],
  'hessianVectorProduct without vectors': [() => g.hessianVectorProduct([x], [x], none), /for vectors/],
};
for (const [name, [build, message, code = 'INVALID_ARGUMENT']] of Object.entries(refused)) {
  test(`${name} is refused`, (t) => void t.throws(build, { code, message }));
}

test('the dtype of a constant follows its values', (t) => {
  t.is(g.constant(new BigInt64Array([1n])).dtype, 'int64');
  t.is(g.constant(new Int32Array([1])).dtype, 'int32');
  t.is(g.constant([1, 2]).dtype, 'float32');
});
