import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { loadDataset } from '../../lib/data/dataset.js';
import { parseMat } from '../../lib/data/mat.js';
import { type MatVariable, matElement, matFile } from '../support/mat.js';
import { withTemporary } from '../support/temporary.js';

const variables: Readonly<Record<string, MatVariable>> = {
  X: { shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 255) },
  y: { shape: [2, 1], data: Float64Array.of(10, -0.5), kind: 6 },
  text: { shape: [1, 2], data: Uint8Array.of(65, 66), kind: 4 },
  byte: { shape: [1, 1], data: Int8Array.of(-3), kind: 6 },
};

for (const packed of [true, false]) {
  test(`arrays of numbers are read, ${packed ? 'packed' : 'as they are'}, and texts passed over`, async (t) => {
    const arrays = await parseMat(matFile(variables, { packed }));
    t.deepEqual([...arrays.keys()], ['X', 'y', 'byte']);
    t.deepEqual(arrays.get('X'), { shape: [2, 3], data: Uint8Array.of(1, 2, 3, 4, 5, 255) });
    t.deepEqual(arrays.get('y'), { shape: [2, 1], data: Float64Array.of(10, -0.5) });
    t.deepEqual(arrays.get('byte'), { shape: [1, 1], data: Int8Array.of(-3) });
  });
}

test('a file that is damaged at any place is an error with a code, or has fewer arrays', async (t) => {
  for (const packed of [true, false]) {
    const file = matFile(variables, { packed });
    for (let length = 0; length < file.length; length += 3) {
      const parsed = parseMat(file.subarray(0, length), 'cut.mat').catch((error: unknown) => error);
      const found = await parsed;
      if (found instanceof Map) t.true(found.size < 3, `${length} bytes`);
      else t.like(found, { code: 'INVALID_FILE' }, `${length} bytes`);
    }
    for (let position = 0; position < file.length; position++) {
      const changed = Buffer.from(file);
      changed[position] = (changed[position] ?? 0) ^ 0xff;
      const found = await parseMat(changed, 'changed.mat').catch((error: unknown) => error);
      if (!(found instanceof Map)) t.like(found, { name: 'BilevelError', code: 'INVALID_FILE' }, `byte ${position}`);
    }
  }
});

test('what is not read says what to do', async (t) => {
  const old = matFile(variables);
  const other = Buffer.from(old);
  other.write('MI', 126, 'latin1');
  await t.throwsAsync(parseMat(other), { code: 'INVALID_FILE', message: /order of another machine/ });
  const newer = Buffer.alloc(512);
  newer.write('MATLAB 7.3 MAT-file', 0, 'latin1');
  await t.throwsAsync(parseMat(newer, 'digits.mat'), { code: 'INVALID_FILE', message: /digits\.mat .*-v7/ });
  await t.throwsAsync(parseMat(Buffer.from('PK')), { code: 'INVALID_FILE', message: /header/ });
});

test('a small file whose arrays together unpack to more than the limit is refused', async (t) => {
  const zeros = { shape: [500, 1], data: new Uint8Array(500) };
  t.is((await parseMat(matFile({ a: zeros }), 'zeros.mat', 1000)).size, 1);
  await t.throwsAsync(parseMat(matFile({ a: zeros, b: zeros }), 'bomb.mat', 1000), {
    code: 'LIMIT_EXCEEDED',
    message: /bomb\.mat unpacks/,
  });
});

test('an array whose sizes do not give its elements is refused', async (t) => {
  const file = matFile({ X: { shape: [70_000, 70_000], data: Uint8Array.of(1) } });
  await t.throwsAsync(parseMat(file), { code: 'INVALID_FILE', message: /X \[70000, 70000\] has 1 bytes/ });
  const empty = Buffer.concat([matFile({}), matElement(14, new Uint8Array(0))]);
  await t.throwsAsync(parseMat(empty), { code: 'INVALID_FILE' });
});

/** Two images of 2 rows and 3 columns, with the number of channel, row and column in every pixel. */
const images: MatVariable = {
  shape: [2, 3, 3, 2],
  data: Uint8Array.from({ length: 36 }, (_, at) => {
    const [row, column] = [at % 2, Math.floor(at / 2) % 3];
    const [channel, image] = [Math.floor(at / 6) % 3, Math.floor(at / 18)];
    return 100 * image + 30 * channel + 10 * row + column;
  }),
};

test('svhn:DIR turns images upright and calls the digit 0 by its name', (t) =>
  withTemporary(async (folder) => {
    const labels = { shape: [2, 1], data: Uint8Array.of(10, 7) };
    await writeFile(join(folder, 'train_32x32.mat'), matFile({ X: images, y: labels }));
    await writeFile(join(folder, 'test_32x32.mat'), matFile({ X: images, y: { ...labels, kind: 6 } }));
    const { classes, train, test } = await loadDataset(`svhn:${folder}`);
    t.deepEqual(train.inputShape, [3, 2, 3]);
    t.is(test.count, 2);
    const { inputs, labels: given } = train.take();
    t.deepEqual(
      given.toArray().map((label) => classes[Number(label)]),
      ['0', '7'],
    );
    const pixels = [...inputs.data].map((value) => Math.round(255 * Number(value)));
    t.deepEqual(pixels.slice(0, 6), [0, 1, 2, 10, 11, 12]);
    t.deepEqual(pixels.slice(30), [160, 161, 162, 170, 171, 172]);
    await writeFile(
      join(folder, 'test_32x32.mat'),
      matFile({ X: images, y: { shape: [1, 1], data: Uint8Array.of(1) } }),
    );
    await t.throwsAsync(loadDataset(`svhn:${folder}`), { code: 'INVALID_FILE', message: /one label for each/ });
    await writeFile(join(folder, 'test_32x32.mat'), matFile({ y: labels }));
    await t.throwsAsync(loadDataset(`svhn:${folder}`), { code: 'INVALID_FILE', message: /found y \[2, 1\]/ });
    await writeFile(
      join(folder, 'test_32x32.mat'),
      matFile({ X: images, y: { shape: [2, 1], data: Uint8Array.of(1, 11) } }),
    );
    await t.throwsAsync(loadDataset(`svhn:${folder}`), { code: 'INVALID_DATA' });
  }));
