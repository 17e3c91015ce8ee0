import test from 'ava';
import { BilevelError, type ErrorCode } from '../lib/errors.js';
import { Tensor } from '../lib/tensor.js';

test('a tensor holds its values row-major in fixed-length shared memory', (t) => {
  const tensor = Tensor.from([1, 2, 3, 4, 5, 6], [2, 3]);
  t.deepEqual([...tensor.data], [1, 2, 3, 4, 5, 6]);
  t.deepEqual(tensor.shape, [2, 3]);
  t.true(tensor.data.buffer instanceof SharedArrayBuffer);
  t.false(tensor.data.buffer.growable);
});

test('every dtype stores its values', (t) => {
  t.deepEqual([...Tensor.from([-(2 ** 31), 2n], [2], 'int32').data], [-(2 ** 31), 2]);
  t.deepEqual([...Tensor.from([5, -6], [2], 'int64').data], [5n, -6n]);
  t.deepEqual([...Tensor.from([2n ** 63n - 1n], [1], 'int64').data], [2n ** 63n - 1n]);
  t.deepEqual([...Tensor.from([0, 1], [2], 'bool').data], [0, 1]);
  t.deepEqual([...Tensor.from([0.5, 3n], [2], 'float32').data], [0.5, 3]);
});

test('the dtype follows the values unless one is asked for', (t) => {
  const dtypes = [
    Tensor.from(new BigInt64Array(2)),
    Tensor.from([1n, 2n], [2, 1]),
    Tensor.from(new Int32Array(2)),
    Tensor.from(new Float32Array(2)),
    Tensor.from(new Float64Array(2)),
    Tensor.from(new Uint8Array(2)),
    Tensor.from([1, 2]),
    Tensor.from([]),
    Tensor.from(new BigInt64Array(2), [2], 'float32'),
  ].map(({ dtype }) => dtype);
  const reals = Array.from({ length: 5 }, () => 'float32');
  t.deepEqual(dtypes, ['int64', 'int64', 'int32', ...reals, 'float32']);
  const labels: Tensor<'int64'> = Tensor.from(new BigInt64Array([3n]));
  t.deepEqual([...labels.data], [3n]);
});

const refused: Readonly<Record<string, readonly [() => unknown, ErrorCode, RegExp]>> = {
  'no values': [() => Tensor.from(undefined as never), 'INVALID_ARGUMENT', /for values but received undefined/],
  'a text': [() => Tensor.from('abc' as never), 'INVALID_ARGUMENT', /for values but received "abc"/],
  'a tensor': [() => Tensor.from(Tensor.zeros([1]) as never), 'INVALID_ARGUMENT', /for values/],
  'nested arrays': [
    () =>
      Tensor.from([
        [1, 2],
        [3, 4],
      ] as never),
    'INVALID_ARGUMENT',
    /values\[0\] of a float32 tensor but received \[1, 2\]/,
  ],
  'a hole': [() => Tensor.from([1, undefined] as never), 'INVALID_ARGUMENT', /values\[1\] .* received undefined/],
  'a fraction in int32': [() => Tensor.from([1.5], [1], 'int32'), 'INVALID_ARGUMENT', /values\[0\] .* received 1\.5/],
  'NaN in int32': [() => Tensor.from([Number.NaN], [1], 'int32'), 'INVALID_ARGUMENT', /received NaN/],
  'an integer beyond int32': [() => Tensor.from([2 ** 31], [1], 'int32'), 'INVALID_ARGUMENT', /2\^31 - 1/],
  'a fraction in int64': [() => Tensor.from([1.5], [1], 'int64'), 'INVALID_ARGUMENT', /received 1\.5/],
  'a number beyond 2^53 in int64': [() => Tensor.from([2 ** 54], [1], 'int64'), 'INVALID_ARGUMENT', /2\^53/],
  'a bigint of 65 bits': [() => Tensor.from([2n ** 63n]), 'INVALID_ARGUMENT', /64 bits/],
  '2 in bool': [() => Tensor.from([0, 2], [2], 'bool'), 'INVALID_ARGUMENT', /0 or 1 for values\[1\]/],
  'another dtype': [() => Tensor.zeros([1], 'float64' as never), 'INVALID_ARGUMENT', /dtype but received "float64"/],
  'a dtype of the prototype': [() => Tensor.zeros([1], 'toString' as never), 'INVALID_ARGUMENT', /dtype/],
  'no shape': [() => Tensor.zeros(undefined as never), 'INVALID_ARGUMENT', /for shape but received undefined/],
  'more memory than there is': [() => Tensor.zeros([2 ** 48]), 'LIMIT_EXCEEDED', /1125899906842624 bytes/],
  'an array whose memory was transferred': [() => Tensor.from(transferred(), [8]), 'SHAPE_MISMATCH', /transferred/],
  'copying from an array': [() => Tensor.zeros([1]).copyFrom([1] as never), 'INVALID_ARGUMENT', /source/],
};
for (const [name, [make, code, message]] of Object.entries(refused)) {
  test(`${name} is refused`, (t) => void t.throws(make, { instanceOf: BilevelError, code, message }));
}

function transferred(): Float32Array {
  const values = new Float32Array(8);
  structuredClone(values, { transfer: [values.buffer] });
  return values;
}

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

test('a tensor over shared memory shares it, of any dtype and at any place', (t) => {
  const memory = new SharedArrayBuffer(64);
  const floats = Tensor.over(new Float32Array(memory, 4, 6), [2, 3]);
  t.deepEqual([floats.dtype, floats.shape, floats.size], ['float32', [2, 3], 6]);
  new Float32Array(memory)[1] = 1.5;
  t.is(floats.data[0], 1.5);
  floats.data[5] = -2;
  t.is(new Float32Array(memory)[6], -2);
  const copy: Tensor<'float32'> = floats.clone();
  t.deepEqual(copy.toArray(), [1.5, 0, 0, 0, 0, -2]);
  t.is(copy.data.byteOffset, 0);
  const others = [
    Tensor.over(new Int32Array(memory)),
    Tensor.over(new BigInt64Array(memory)),
    Tensor.over(new Uint8Array(new SharedArrayBuffer(3))),
  ];
  t.deepEqual(
    others.map(({ dtype }) => dtype),
    ['int32', 'int64', 'bool'],
  );
  t.deepEqual(Tensor.over(new Float32Array(memory, 60), []).item(), 0);
});

const notShared: Readonly<Record<string, readonly [() => unknown, ErrorCode, RegExp]>> = {
  'memory of its own': [
    () => Tensor.over(new Float32Array(3) as never),
    'INVALID_ARGUMENT',
    /over a SharedArrayBuffer of fixed length for data of Tensor\.over but received Float32Array\(12 bytes\)/,
  ],
  'memory that may grow': [
    () => Tensor.over(new Float32Array(new SharedArrayBuffer(8, { maxByteLength: 16 }))),
    'INVALID_ARGUMENT',
    /fixed length/,
  ],
  'another array': [
    () => Tensor.over(new Float64Array(new SharedArrayBuffer(8)) as never),
    'INVALID_ARGUMENT',
    /a Float32Array, Int32Array/,
  ],
  'a list': [() => Tensor.over([1, 2] as never), 'INVALID_ARGUMENT', /received \[1, 2\]/],
  'another number of elements': [
    () => Tensor.over(new Float32Array(new SharedArrayBuffer(8)), [3]),
    'SHAPE_MISMATCH',
    /Expected 3 elements .* but received 2/,
  ],
  'a boolean of 2': [
    () => Tensor.over(new Uint8Array(new SharedArrayBuffer(2)).fill(2)),
    'INVALID_ARGUMENT',
    /0 or 1 for data\[0\]/,
  ],
};

for (const [name, [make, code, message]] of Object.entries(notShared)) {
  test(`a tensor over ${name} is refused`, (t) => {
    t.throws(make, { code, message });
  });
}
