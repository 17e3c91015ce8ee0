import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { zipSync } from 'fflate';
import { loadDataset } from '../../lib/data/dataset.js';
import { encodeNpy, parseNpy } from '../../lib/data/npy.js';
import { parseNpz } from '../../lib/data/npz.js';
import { encodeSafetensors } from '../../lib/data/safetensors.js';
import type { DatasetOptions } from '../../lib/data/sources/source.js';
import { Tensor } from '../../lib/tensor.js';
import { withTemporary } from '../support/temporary.js';

/** A .npy file with the header that NumPy writes. */
function npy(
  type: string,
  shape: readonly number[],
  elements: Uint8Array | readonly number[],
  order = 'False',
): Buffer {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
  const padded = `${header.padEnd(Math.ceil((10 + header.length + 1) / 64) * 64 - 11)}\n`;
  const length = Buffer.alloc(2);
  length.writeUInt16LE(padded.length);
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    length,
    Buffer.from(padded),
    Buffer.from(elements),
  ]);
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
const values = (file: Uint8Array): unknown[] => Array.from(parseNpy(file).data as ArrayLike<unknown>);

test('every element type of a .npy file is read', (t) => {
  t.deepEqual(values(npy('|b1', [2], [1, 0])), [1, 0]);
  t.deepEqual(values(npy('|u1', [2], [1, 255])), [1, 255]);
  t.deepEqual(values(npy('|i1', [2], [1, 255])), [1, -1]);
  t.deepEqual(values(npy('<u2', [1], [1, 255])), [0xff01]);
  t.deepEqual(values(npy('>i2', [2], [1, 2, 255, 254])), [258, -2]);
  t.deepEqual(values(npy('<u4', [1], [1, 0, 0, 255])), [0xff000001]);
  t.deepEqual(values(npy('>i4', [1], [0, 0, 1, 0])), [256]);
  t.deepEqual(values(npy('<u8', [1], bytesOf(BigUint64Array.of(2n ** 63n)))), [2n ** 63n]);
  t.deepEqual(values(npy('<i8', [1], bytesOf(BigInt64Array.of(-3n)))), [-3n]);
  t.deepEqual(values(npy('<f2', [2], [0, 0x3c, 0, 0xc1])), [1, -2.5]);
  t.deepEqual(values(npy('<f4', [1], bytesOf(Float32Array.of(1.5)))), [1.5]);
  t.deepEqual(values(npy('>f8', [1], [0x3f, 0xf0, 0, 0, 0, 0, 0, 0])), [1]);
  t.deepEqual(values(npy('|S3', [2], Buffer.from('ab\0xyz'))), ['ab', 'xyz']);
  t.deepEqual(values(npy('<U2', [2], [0xfc, 0, 0, 0, 0, 0, 0, 0, 0x61, 0, 0, 0, 0x00, 0xf6, 1, 0])), ['ü', 'a😀']);
  t.deepEqual(values(npy('>U1', [1], [0, 0, 0, 0x7a])), ['z']);
});

test('axes in the other order come out row by row, at any alignment', (t) => {
  const columns = Float32Array.from({ length: 24 }, (_, index) => index);
  const { shape, data } = parseNpy(npy('<f4', [2, 3, 4], bytesOf(columns), 'True'));
  const expected = [0, 1].flatMap((i) => [0, 1, 2].flatMap((j) => [0, 1, 2, 3].map((k) => i + 2 * j + 6 * k)));
  t.deepEqual([shape, Array.from(data as Float32Array)], [[2, 3, 4], expected]);
  const tensor = Tensor.from([1.5, -2, 3], [3, 1]);
  const shifted = Buffer.concat([Buffer.alloc(1), encodeNpy(tensor)]).subarray(1);
  t.deepEqual(parseNpy(shifted), { shape: [3, 1], data: Float32Array.of(1.5, -2, 3) });
});

const damagedArrays: Record<string, [bytes: Uint8Array, code: string, message: RegExp]> = {
  'an empty file': [new Uint8Array(0), 'INVALID_FILE', /does not begin as one/],
  'a header without end': [npy('<f4', [1], []).subarray(0, 40), 'INVALID_FILE', /within its header/],
  'a header that says too little': [
    Buffer.from(npy('<f4', [0], []).toString('latin1').replace('shape', 'shade'), 'latin1'),
    'INVALID_FILE',
    /type, order and shape/,
  ],
  'Python objects': [npy('|O', [1], [1]), 'INVALID_FILE', /Python objects/],
  'complex numbers': [npy('<c8', [1], new Uint8Array(8)), 'INVALID_FILE', /element type "<c8"/],
  'elements that are missing': [
    npy('<f4', [2], new Uint8Array(7)),
    'INVALID_FILE',
    /announces 8 bytes of elements but 7/,
  ],
  'sizes whose product overflows': [npy('<f4', [2 ** 40, 2 ** 40], []), 'INVALID_FILE', /announces/],
  'a header of many bytes': [
    Buffer.from('\x93NUMPY\x02\x00\xff\xff\xff\x0f', 'latin1'),
    'LIMIT_EXCEEDED',
    /header of 268435455/,
  ],
};

for (const [name, [bytes, code, message]] of Object.entries(damagedArrays)) {
  test(`refuses ${name} as an array`, (t) => {
    t.throws(() => parseNpy(bytes, 'x.npy'), { code, message });
  });
}

/** Made by NumPy 2: savez_compressed(x=arange(6, dtype='f4').reshape(3, 2), y=array(['no', 'yes', 'no'])). */
const byNumpy =
  'UEsDBC0AAAAIAAAAIQDMypy9//////////8FABQAeC5ucHkBABAAmAAAAAAAAABVAAAAAAAAAJvsF+obEMnIUMZQrZ6SWpxcpG6loG6TZqKuo6' +
  'Cell9UUpSYF59flJIKEndLzClOBYoXZyQWpAL5GsY6CkaaOgq1CmQDLgYwaLAHEg5ABMQNQLzAAQBQSwMELQAAAAgAAAAhAAFLKQD/////////' +
  '/wUAFAB5Lm5weQEAEACkAAAAAAAAAFUAAAAAAAAAm+wX6hsQychQxlCtnpJanFykbqWgbhNqrK6joJ6WX1RSlJgXn1+UkgoSd0vMKU4FihdnJB' +
  'akAvkaxjqaOgq1ChQArjwGBoZ8BgioBOJUIC4GYmRxAFBLAQItAy0AAAAIAAAAIQDMypy9VQAAAJgAAAAFAAAAAAAAAAAAAACAAQAAAAB4Lm5w' +
  'eVBLAQItAy0AAAAIAAAAIQABSykAVQAAAKQAAAAFAAAAAAAAAAAAAACAAYwAAAB5Lm5weVBLBQYAAAAAAgACAGYAAAAYAQAAAAA=';

const archive = (files: Record<string, Uint8Array>): Uint8Array => zipSync(files);
const [inputs, labels] = [
  npy('<f4', [3, 2], bytesOf(Float32Array.of(0, 1, 2, 3, 4, 5))),
  npy('<i8', [3], bytesOf(BigInt64Array.of(7n, 3n, 7n))),
];

/** Loads files that are written for it, by the names that `name` has. */
async function load(name: string, files: Record<string, Uint8Array>, options: DatasetOptions = {}) {
  return withTemporary(async (folder) => {
    for (const [file, bytes] of Object.entries(files)) await writeFile(join(folder, file), bytes);
    return loadDataset(
      name
        .split(',')
        .map((each) => join(folder, each))
        .join(),
      options,
    );
  });
}

test('an archive of NumPy is read', async (t) => {
  const dataset = await load('a.npz', { 'a.npz': Buffer.from(byNumpy, 'base64') }, { scale: 'none' });
  t.deepEqual(dataset.classes, ['no', 'yes']);
  const samples = dataset.train.take();
  t.deepEqual(
    [samples.inputs.shape, samples.inputs.toArray()],
    [
      [3, 2],
      [0, 1, 2, 3, 4, 5],
    ],
  );
  t.deepEqual(samples.labels.toArray(), [0, 1, 0]);
  t.deepEqual(
    [dataset.records?.columns, dataset.records?.row(1)],
    [
      ['index', 'label'],
      ['1', 'yes'],
    ],
  );
});

test('a pair of files, an archive and a safetensors file give the same', async (t) => {
  const tensors = new Map<string, Tensor>([
    ['x', Tensor.from([0, 1, 2, 3, 4, 5], [3, 2])],
    ['y', Tensor.from([7n, 3n, 7n])],
  ]);
  for (const [name, files] of [
    ['x.npy,y.npy', { 'x.npy': inputs, 'y.npy': labels }],
    ['x.npy.gz,y.npy', { 'x.npy.gz': gzipSync(inputs), 'y.npy': labels }],
    ['a.npz', { 'a.npz': archive({ 'x.npy': inputs, 'y.npy': labels, 'other.npy': labels }) }],
    ['a.safetensors', { 'a.safetensors': encodeSafetensors(tensors) }],
  ] as const) {
    const { classes, train } = await load(name, files, { scale: 'none' });
    t.deepEqual(classes, ['3', '7'], name);
    t.deepEqual(train.inputShape, [2]);
    t.deepEqual(train.take().inputs.toArray(), [0, 1, 2, 3, 4, 5]);
    t.deepEqual(train.take().labels.toArray(), [1, 0, 1]);
  }
});

test('bytes are pixels, wide integers tokens, other integers numbers; IDX files may be of any rank', async (t) => {
  const idx = (shape: readonly number[], elements: readonly number[]): Uint8Array =>
    Buffer.concat([
      Buffer.from([0, 0, 8, shape.length]),
      ...shape.map((size) => Buffer.from([0, 0, 0, size])),
      Buffer.from(elements),
    ]);
  const labels = npy('|b1', [2], [1, 0]);
  const take = async (name: string, bytes: Uint8Array, options: DatasetOptions = {}) => {
    const { train } = await load(`${name},y.npy`, { [name]: bytes, 'y.npy': labels }, options);
    const { inputs } = train.take();
    return [inputs.dtype, inputs.shape, inputs.toArray()];
  };
  t.deepEqual(await take('x.npy', npy('|u1', [2, 1, 2], [0, 255, 255, 0])), ['float32', [2, 1, 1, 2], [0, 1, 1, 0]]);
  t.deepEqual(await take('x.npy', npy('<i8', [2, 1], bytesOf(BigInt64Array.of(5n, -6n)))), ['int64', [2, 1], [5, -6]]);
  t.deepEqual(await take('x.npy', npy('<u2', [2, 1], [5, 0, 0, 1])), ['int64', [2, 1], [5, 256]]);
  t.deepEqual(await take('x.npy', npy('|i1', [2, 1], [5, 255])), ['float32', [2, 1], [5, -1]]);
  t.deepEqual(await take('x-ubyte', idx([2, 1, 1, 1, 2], [0, 255, 255, 0])), [
    'float32',
    [2, 1, 1, 1, 2],
    [0, 1, 1, 0],
  ]);
  t.deepEqual(await take('x-ubyte', idx([2, 4], [0, 255, 255, 0, 0, 0, 0, 255]), { shape: [1, 2, 2] }), [
    'float32',
    [2, 1, 2, 2],
    [0, 1, 1, 0, 0, 0, 0, 1],
  ]);
});

test('parts for training and test are used where a file has them', async (t) => {
  const files = {
    'x_train.npy': inputs,
    'y_train.npy': labels,
    'x_test.npy': npy('<f4', [1, 2], bytesOf(Float32Array.of(9, 8))),
    'y_test.npy': npy('<i8', [1, 1], bytesOf(BigInt64Array.of(4n))),
  };
  const { classes, train, test: kept } = await load('a.npz', { 'a.npz': archive(files) }, { scale: 'none' });
  t.deepEqual(classes, ['3', '4', '7']);
  t.deepEqual([train.take().labels.toArray(), kept.take().labels.toArray()], [[2, 0, 2], [1]]);
  t.deepEqual(kept.take().inputs.toArray(), [9, 8]);
  await t.throwsAsync(load('a.npz', { 'a.npz': archive(files) }, { test: 0.5 }), {
    code: 'INVALID_ARGUMENT',
    message: /option test/,
  });
  const chosen = await load(
    'a.npz',
    { 'a.npz': archive(files) },
    { inputs: 'x_test', label: 'y_test', like: { ...(await load('a.npz', { 'a.npz': archive(files) })) } },
  );
  t.deepEqual([chosen.train.count, chosen.test.count], [1, 0]);
});

/** What (x - mean) / deviation is of numbers, as float32. */
function standardized(numbers: readonly number[]): number[] {
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const unit = Math.sqrt(numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length);
  return numbers.map((x) => Math.fround((x - mean) / unit));
}

test('columns of floats get mean 0 and deviation 1, and images of floats as a whole', async (t) => {
  const columns = [
    [1, 5, -3, 7],
    [1e6, 2e6, 1.5e6, 0],
    [0.1, 0.1, 0.1, 0.1],
  ] as const;
  const rows = [0, 1, 2, 3].flatMap((row) => columns.map((column) => column[row] ?? 0));
  const labels = npy('<i8', [4], bytesOf(BigInt64Array.of(0n, 1n, 0n, 1n)));
  for (const type of ['<f8', '<f4'] as const) {
    const elements = bytesOf(type === '<f8' ? Float64Array.from(rows) : Float32Array.from(rows));
    const files = { 'x.npy': npy(type, [4, 3], elements), 'y.npy': labels };
    const { train, scaling } = await load('x.npy,y.npy', files);
    const expected = [standardized(columns[0]), standardized(columns[1]), [0, 0, 0, 0]];
    const taken = train.take().inputs.toArray() as number[];
    for (const [column, numbers] of expected.entries()) {
      for (const [row, x] of numbers.entries()) {
        t.true(Math.abs((taken[3 * row + column] ?? Number.NaN) - x) < 1e-6, `${type} column ${column} row ${row}`);
      }
    }
    t.is(scaling?.shift.length, 3);
    t.deepEqual(train.take([1], { scaled: false }).inputs.toArray(), [5, 2e6, 0.1].map(Math.fround));
    const plain = await load('x.npy,y.npy', files, { scale: 'none' });
    t.is(plain.scaling, undefined);
    t.deepEqual(plain.train.take([1]).inputs.toArray(), [5, 2e6, 0.1].map(Math.fround));
  }
  const pixels = [1, 2, 3, 4, 5, 6, 7, 16];
  const images = npy('<f4', [2, 2, 2], bytesOf(Float32Array.from(pixels)));
  const whole = await load('x.npy,y.npy', { 'x.npy': images, 'y.npy': npy('|b1', [2], [1, 0]) });
  const found = whole.train.take().inputs;
  t.deepEqual(found.shape, [2, 1, 2, 2]);
  for (const [at, x] of standardized(pixels).entries()) t.true(Math.abs((found.data[at] as number) - x) < 1e-6);
});

test('the part for the test and a second data set are scaled as the training rows', async (t) => {
  const numbers = Float32Array.from({ length: 20 }, (_, row) => row * row);
  const files = {
    'x.npy': npy('<f4', [20, 1], bytesOf(numbers)),
    'y.npy': npy(
      '|b1',
      [20],
      Array.from(numbers, (_, row) => row % 2),
    ),
  };
  const first = await load('x.npy,y.npy', files, { test: 0.3, seed: 2 });
  const [rows, held] = [first.train, first.test].map(
    (part) => part.take(undefined, { scaled: false }).inputs.toArray() as number[],
  );
  const mean = (rows ?? []).reduce((sum, x) => sum + x, 0) / 14;
  t.true(Math.abs((first.scaling?.shift[0] ?? 0) - mean) < 1e-9);
  const [shift = 0] = first.scaling?.shift ?? [];
  const [unit = 0] = first.scaling?.unit ?? [];
  const scaled = (x: number): number => Math.fround((x - shift) / unit);
  t.deepEqual(first.test.take().inputs.toArray(), (held ?? []).map(scaled));

  const other = { 'x.npy': npy('<f8', [2, 1], bytesOf(Float64Array.of(1000, -1))), 'y.npy': npy('|b1', [2], [0, 1]) };
  const second = await load('x.npy,y.npy', other, { like: first });
  t.deepEqual(second.train.take().inputs.toArray(), [1000, -1].map(scaled));
  t.deepEqual(second.scaling, first.scaling);
  const plain = await load('x.npy,y.npy', files, { scale: 'none' });
  t.deepEqual((await load('x.npy,y.npy', other, { like: plain })).train.take().inputs.toArray(), [1000, -1]);
  await t.throwsAsync(load('x.npy,y.npy', { ...other, 'x.npy': npy('|u1', [2, 1], [0, 1]) }, { like: first }), {
    code: 'INVALID_DATA',
    message: /the samples are integers, but those that they should be like are floats/,
  });
  await t.throwsAsync(load('x.npy,y.npy', other, { like: first, scale: 'none' }), { code: 'INVALID_ARGUMENT' });
});

const faults: Record<string, [files: Record<string, Uint8Array>, code: string, message: RegExp]> = {
  'names that do not tell': [
    { 'a.npy': inputs, 'b.npy': labels },
    'INVALID_ARGUMENT',
    /options inputs and label.*it has "a", "b"/,
  ],
  'labels that are too few': [
    { 'x.npy': inputs, 'y.npy': npy('<i4', [2], new Uint8Array(8)) },
    'INVALID_FILE',
    /each of the 3 samples, found an array \[2\]/,
  ],
  'labels that are quantities': [
    { 'x.npy': inputs, 'y.npy': npy('<f4', [3], bytesOf(Float32Array.of(0.5, 1, 2))) },
    'INVALID_DATA',
    /row 1: the label 0.5/,
  ],
  'samples that are texts': [
    { 'x.npy': npy('|S1', [3, 1], Buffer.from('abc')), 'y.npy': labels },
    'INVALID_FILE',
    /are texts/,
  ],
  'samples without sizes': [
    { 'x.npy': npy('<f4', [3], new Uint8Array(12)), 'y.npy': labels },
    'INVALID_FILE',
    /expected images/,
  ],
  'tokens beyond 32 bits': [
    { 'x.npy': npy('<i8', [3, 1], bytesOf(BigInt64Array.of(1n, 2n ** 40n, 3n))), 'y.npy': labels },
    'INVALID_DATA',
    /1099511627776 goes beyond/,
  ],
  'a number that is not finite': [
    { 'x.npy': npy('<f4', [3, 1], bytesOf(Float32Array.of(1, Number.NaN, 2))), 'y.npy': labels },
    'INVALID_DATA',
    /row 1 holds NaN/,
  ],
};

for (const [name, [files, code, message]] of Object.entries(faults)) {
  test(`refuses an archive with ${name}`, async (t) => {
    await t.throwsAsync(load('a.npz', { 'a.npz': archive(files) }), { code, message });
  });
}

test('an archive that is damaged, or unpacks to too much, is refused', (t) => {
  const whole = archive({ 'x.npy': inputs, 'y.npy': labels });
  for (const bytes of [whole.subarray(0, whole.length - 30), new Uint8Array(100)]) {
    t.throws(() => parseNpz(bytes, 'a.npz'), { code: 'INVALID_FILE', message: /a\.npz is not a ZIP archive/ });
  }
  // The size of the first file, in the directory at the end of the archive.
  const large = Buffer.from(whole);
  large.writeUInt32LE(2 ** 31, large.indexOf('PK\x01\x02') + 24);
  t.throws(() => parseNpz(large, 'a.npz'), { code: 'LIMIT_EXCEEDED', message: /more than 1073741824 bytes/ });
});
