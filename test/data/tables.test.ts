import test from 'ava';
import { encodeCsv } from '../../lib/data/csv.js';
import { encodeNpy } from '../../lib/data/npy.js';
import { Tensor } from '../../lib/tensor.js';

test('npy files have the header that NumPy writes and little-endian elements at a multiple of 64', (t) => {
  const cases = [
    [Tensor.from([1.5, -2]), `{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }`, '0000c03f000000c0'],
    [
      Tensor.from([1n, -1n], [2, 1], 'int64'),
      `{'descr': '<i8', 'fortran_order': False, 'shape': (2, 1), }`,
      '0100000000000000ffffffffffffffff',
    ],
    [Tensor.from([258], [], 'int32'), `{'descr': '<i4', 'fortran_order': False, 'shape': (), }`, '02010000'],
    [Tensor.from([1, 0, 1], [3], 'bool'), `{'descr': '|b1', 'fortran_order': False, 'shape': (3,), }`, '010001'],
  ] as const;
  for (const [tensor, header, elements] of cases) {
    const bytes = Buffer.from(encodeNpy(tensor));
    t.is(bytes.subarray(0, 8).toString('latin1'), '\x93NUMPY\x01\x00');
    const dataStart = 10 + bytes.readUInt16LE(8);
    t.is(dataStart % 64, 0);
    t.is(bytes.subarray(10, dataStart).toString().trimEnd(), header);
    t.is(bytes.subarray(dataStart).toString('hex'), elements);
  }
});

test('cells with commas, quotes or line breaks are quoted; undefined is empty', (t) => {
  const text = encodeCsv(
    ['index', 'a "name"', 'weight'],
    [
      [0, 'T-shirt, top', 0.5],
      [1n, 'two\nlines', undefined],
      [2, true, ''],
    ],
  );
  t.is(text, 'index,"a ""name""",weight\n0,"T-shirt, top",0.5\n1,"two\nlines",\n2,true,\n');
});
