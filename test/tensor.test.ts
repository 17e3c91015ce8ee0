import test from 'ava';
import { BilevelError } from '../lib/errors.js';
import { Tensor } from '../lib/tensor.js';

test('a tensor holds its values row-major in fixed-length shared memory', (t) => {
  const tensor = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]);
  t.deepEqual([...tensor.data], [1, 2, 3, 4, 5, 6]);
  t.deepEqual(tensor.shape, [2, 3]);
  t.true(tensor.data.buffer instanceof SharedArrayBuffer);
  t.false(tensor.data.buffer.growable);
});

test('every dtype stores and converts its values', (t) => {
  t.deepEqual([...Tensor.from([1.7, -1.7], [2], 'int32').data], [1, -1]);
  t.deepEqual([...Tensor.from([5, -6], [2], 'int64').data], [5n, -6n]);
  t.deepEqual([...Tensor.from([0, 1], [2], 'bool').data], [0, 1]);
  t.deepEqual([...Tensor.from([0.5], [1], 'float32').data], [0.5]);
});

test('a scalar has one element and an empty tensor none', (t) => {
  t.is(Tensor.zeros([]).data.length, 1);
  t.is(Tensor.zeros([3, 0, 2]).data.length, 0);
});

for (const shape of [[-1], [1.5], [Number.NaN]]) {
  test(`the shape [${shape}] is refused`, (t) => {
    t.is(t.throws(() => Tensor.zeros(shape), { instanceOf: BilevelError })?.code, 'INVALID_ARGUMENT');
  });
}

test('a shape too large to count is refused before allocation', (t) => {
  t.is(t.throws(() => Tensor.zeros([2 ** 30, 2 ** 30]), { instanceOf: BilevelError })?.code, 'LIMIT_EXCEEDED');
});

test('values that do not fill the shape are refused', (t) => {
  t.is(t.throws(() => Tensor.from([1, 2, 3], [2, 2]), { instanceOf: BilevelError })?.code, 'SHAPE_MISMATCH');
});
