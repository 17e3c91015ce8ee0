import { unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { loadDataset } from '../../lib/data/dataset.js';
import { parseIdx, readIdx } from '../../lib/data/idx.js';
import { withTemporary } from '../support/temporary.js';

/** An IDX file with big-endian sizes and the given element bytes. */
function idx(type: number, shape: readonly number[], elements: ArrayLike<number>): Uint8Array {
  const bytes = Buffer.alloc(4 + 4 * shape.length + elements.length);
  bytes.set([0, 0, type, shape.length]);
  shape.forEach((size, axis) => {
    bytes.writeUInt32BE(size, 4 + 4 * axis);
  });
  bytes.set(elements, 4 + 4 * shape.length);
  return new Uint8Array(bytes);
}

const float64 = (...values: number[]): Uint8Array => {
  const bytes = Buffer.alloc(8 * values.length);
  values.forEach((value, index) => {
    bytes.writeDoubleBE(value, 8 * index);
  });
  return new Uint8Array(bytes);
};

test('every element type is decoded from big-endian bytes, at any alignment', (t) => {
  const cases: [number, number[], number[]][] = [
    [0x08, [1, 255], [1, 255]],
    [0x09, [1, 255], [1, -1]],
    [0x0b, [0x01, 0x02, 0xff, 0xfe], [258, -2]],
    [0x0c, [0, 0, 1, 0, 0xff, 0xff, 0xff, 0xff], [256, -1]],
    [0x0d, [0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0], [1, -2]],
    [0x0e, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0], [1, -2]],
  ];
  for (const [type, elements, expected] of cases) {
    const file = idx(type, [2], elements);
    const shifted = new Uint8Array(file.length + 1);
    shifted.set(file, 1);
    for (const bytes of [file, shifted.subarray(1)]) {
      const before = bytes.slice();
      const parsed = parseIdx(bytes);
      t.deepEqual(parsed.shape, [2]);
      t.deepEqual(Array.from(parsed.data), expected);
      t.deepEqual(bytes.slice(), before);
    }
  }
});

const damaged: Record<string, [Uint8Array, RegExp]> = {
  'an empty file': [new Uint8Array(0), /only 0 bytes/],
  'a file of another kind': [new TextEncoder().encode('<html>'), /two zero bytes/],
  'an element type that does not exist': [idx(0x0a, [1], [1]), /0x0a/],
  'rank 0': [idx(0x08, [], [1]), /rank 0/],
  'rank 200': [Uint8Array.from([0, 0, 8, 200]), /rank 200/],
  'a truncated header': [idx(0x08, [1, 1], []).subarray(0, 10), /within its header/],
  'truncated elements': [idx(0x08, [2, 3], [1, 2, 3, 4, 5]), /announces 6 bytes of elements but 5 follow/],
  'bytes too many': [idx(0x08, [2], [1, 2, 3]), /announces 2 bytes of elements but 3 follow/],
  'sizes whose product overflows': [idx(0x08, Array(8).fill(0xffffffff), []), /announces/],
};

for (const [name, [bytes, message]] of Object.entries(damaged)) {
  test(`refuses ${name}`, (t) => {
    t.throws(() => parseIdx(bytes, 'x-ubyte'), { code: 'INVALID_FILE', message });
  });
}

test('packed files are unpacked; damaged and truncated packing is INVALID_FILE', (t) =>
  withTemporary(async (folder) => {
    const packed = gzipSync(idx(0x08, [4], [1, 2, 3, 4]));
    const path = join(folder, 'a.gz');
    await writeFile(path, packed);
    t.deepEqual((await readIdx(path)).data, new Uint8Array([1, 2, 3, 4]));
    await writeFile(path, packed.subarray(0, packed.length - 9));
    await t.throwsAsync(readIdx(path), { code: 'INVALID_FILE', message: /a\.gz is damaged: gzip/ });
    const flipped = Buffer.from(packed);
    flipped[flipped.length - 6] = Number(flipped.at(-6)) ^ 1;
    await writeFile(path, flipped);
    await t.throwsAsync(readIdx(path), { code: 'INVALID_FILE', message: /gzip/ });
  }));

const names = [
  'train-images-idx3-ubyte',
  'train-labels-idx1-ubyte',
  't10k-images-idx3-ubyte',
  't10k-labels-idx1-ubyte',
];

/** A folder of two 1x2 training images and one test image, with chosen files replaced. */
async function writeFolder(folder: string, replaced: Record<string, Uint8Array> = {}): Promise<void> {
  const files = [
    idx(0x08, [2, 1, 2], [0, 255, 51, 102]),
    idx(0x08, [2], [1, 0]),
    idx(0x08, [1, 1, 2], [255, 0]),
    idx(0x08, [1], [1]),
  ];
  for (const [index, name] of names.entries())
    await writeFile(join(folder, name), replaced[name] ?? files[index] ?? '');
}

test('a folder of IDX files becomes images from 0 to 1 with their labels', (t) =>
  withTemporary(async (folder) => {
    await writeFolder(folder);
    const dataset = await loadDataset(`idx:${folder}`);
    t.deepEqual(dataset.classes, ['0', '1']);
    t.deepEqual(dataset.train.inputShape, [1, 1, 2]);
    const { inputs: images, labels } = dataset.train.take([1, 0, 1]);
    t.deepEqual(images.shape, [3, 1, 1, 2]);
    t.deepEqual(images.toArray(), [0.2, 0.4, 0, 1, 0.2, 0.4].map(Math.fround));
    t.deepEqual(labels.toArray(), [0, 1, 0]);
    t.deepEqual(dataset.test.take().inputs.toArray(), [1, 0]);
    t.throws(() => dataset.train.take([2]), { code: 'INVALID_ARGUMENT', message: /rows\[0\]/ });
    t.throws(() => dataset.train.take([0, 0.5]), { code: 'INVALID_ARGUMENT', message: /rows\[1\]/ });
  }));

test('rows of integers are tokens, of any sizes', (t) =>
  withTemporary(async (folder) => {
    const [trainImages = ''] = names;
    await writeFolder(folder, {
      [trainImages]: idx(0x0b, [2, 3], [0, 1, 255, 255, 1, 0, 0, 7, 0, 8, 0, 9]),
      't10k-images-idx3-ubyte': idx(0x0c, [1, 3], [0, 0, 0, 4, 0, 0, 0, 5, 0, 1, 0, 0]),
    });
    const dataset = await loadDataset(`idx:${folder}`);
    t.deepEqual(dataset.train.inputShape, [3]);
    const { inputs } = dataset.train.take([1, 0]);
    t.deepEqual([inputs.dtype, inputs.shape, inputs.toArray()], ['int64', [2, 3], [7, 8, 9, 1, -1, 256]]);
    t.deepEqual(dataset.test.take().inputs.toArray(), [4, 5, 65_536]);
  }));

test('float images are kept as stored, in channels, and must be finite', (t) =>
  withTemporary(async (folder) => {
    const [trainImages = ''] = names;
    await writeFolder(folder, {
      [trainImages]: idx(0x0e, [2, 2, 1, 1], float64(0.5, -3, 7, 1)),
      't10k-images-idx3-ubyte': idx(0x0e, [1, 2, 1, 1], float64(1, 2)),
    });
    const { inputs: images } = (await loadDataset(`idx:${folder}`)).train.take();
    t.deepEqual(
      [images.shape, images.toArray()],
      [
        [2, 2, 1, 1],
        [0.5, -3, 7, 1],
      ],
    );
    await writeFolder(folder, { [trainImages]: idx(0x0e, [2, 2, 1, 1], float64(0.5, -3, Number.NaN, 1)) });
    await t.throwsAsync(loadDataset(`idx:${folder}`), { code: 'INVALID_DATA', message: /image 1 holds NaN/ });
  }));

const badFolders: Record<string, [Record<string, Uint8Array>, string, RegExp]> = {
  'a test label outside the training classes': [
    { 't10k-labels-idx1-ubyte': idx(0x08, [1], [2]) },
    'INVALID_DATA',
    /label 2 of sample 0/,
  ],
  'a negative label': [{ 'train-labels-idx1-ubyte': idx(0x09, [2], [255, 0]) }, 'INVALID_DATA', /label -1/],
  'a label too large to be a class': [
    { 'train-labels-idx1-ubyte': idx(0x0c, [2], [0, 0, 0, 0, 127, 0, 0, 0]) },
    'INVALID_DATA',
    /not a class/,
  ],
  'fewer labels than images': [
    { 'train-labels-idx1-ubyte': idx(0x08, [1], [1]) },
    'INVALID_FILE',
    /each of the 2 images/,
  ],
  'labels that are not integers': [
    { 'train-labels-idx1-ubyte': idx(0x0e, [2], float64(0.5, 1)) },
    'INVALID_FILE',
    /not integers/,
  ],
  'images that are a list': [{ 'train-images-idx3-ubyte': idx(0x08, [2], [1, 2]) }, 'INVALID_FILE', /expected images/],
  'no images': [
    { 'train-images-idx3-ubyte': idx(0x08, [0, 1, 2], []), 'train-labels-idx1-ubyte': idx(0x08, [0], []) },
    'INVALID_FILE',
    /no images/,
  ],
  'pixels of another type': [
    { 'train-images-idx3-ubyte': idx(0x09, [2, 1, 2], [1, 2, 3, 4]) },
    'INVALID_FILE',
    /pixels/,
  ],
  'test images of another size': [
    { 't10k-images-idx3-ubyte': idx(0x08, [1, 2, 2], [1, 2, 3, 4]) },
    'INVALID_FILE',
    /\[1, 2, 2\]/,
  ],
};

for (const [name, [replaced, code, message]] of Object.entries(badFolders)) {
  test(`refuses a folder with ${name}`, (t) =>
    withTemporary(async (folder) => {
      await writeFolder(folder, replaced);
      await t.throwsAsync(loadDataset(`idx:${folder}`), { code, message });
    }));
}

test('a missing file and an unknown data set are named', (t) =>
  withTemporary(async (folder) => {
    await writeFolder(folder);
    await unlink(join(folder, 't10k-labels-idx1-ubyte'));
    await t.throwsAsync(loadDataset(`idx:${folder}`), { code: 'NOT_FOUND', message: /t10k-labels-idx1-ubyte nor/ });
    await writeFile(join(folder, 't10k-labels-idx1-ubyte.gz'), gzipSync(idx(0x08, [1], [1])));
    t.is((await loadDataset(`idx:${folder}`)).test.count, 1);
    for (const name of ['minst', 'idx:', 'toString', '']) {
      await t.throwsAsync(loadDataset(name), {
        code: 'INVALID_ARGUMENT',
        message:
          /mnist, fashion-mnist, cifar10, idx:DIR, svhn:DIR, omniglot:DIR, folder:DIR, FILE\.csv, .* or INPUTS\.npy,LABELS\.npy/,
      });
    }
  }));

test('MNIST is whole: its sizes, its digits per class, and a digit', async (t) => {
  const { train, test: held, classes } = await loadDataset('mnist');
  t.is(classes.length, 10);
  t.deepEqual([train.count, held.count, ...train.inputShape], [60_000, 10_000, 1, 28, 28]);
  const counts = new Array<number>(10).fill(0);
  const { inputs: images, labels } = train.take();
  for (const label of labels.data) counts[Number(label)] = (counts[Number(label)] ?? 0) + 1;
  t.deepEqual(counts, [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]);
  // The mean pixel of the training set, as the literature normalises by it.
  let sum = 0;
  for (const pixel of images.data) sum += Number(pixel);
  t.is((sum / images.size).toFixed(4), '0.1307');
  t.deepEqual(train.take([0, 59_999]).labels.toArray(), [5, 8]);
});

test('Fashion-MNIST is loaded, or its absence says how to install it', async (t) => {
  try {
    const { train, test: held } = await loadDataset('fashion-mnist');
    t.deepEqual([train.count, held.count], [60_000, 10_000]);
    const { inputs: images, labels } = train.take([0, 1, 2]);
    t.deepEqual(labels.toArray(), [9, 0, 0]);
    t.true(images.data.every((pixel) => pixel >= 0 && pixel <= 1));
  } catch (error) {
    t.like(error, { code: 'NOT_FOUND' });
    t.regex(String(error), /apt-get install dataset-fashion-mnist/);
  }
});
