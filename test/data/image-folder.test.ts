import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { loadDataset } from '../../lib/data/dataset.js';
import type { DatasetOptions } from '../../lib/data/sources/source.js';
import { withTemporary } from '../support/temporary.js';

/** A PNG of pixels row by row. */
const png = (width: number, channels: 1 | 3 | 4, pixels: readonly number[]): Uint8Array =>
  encode({ width, height: pixels.length / (width * channels), channels, depth: 8, data: Uint8Array.from(pixels) });

async function load(files: Record<string, Uint8Array | string>, options: DatasetOptions = {}) {
  return withTemporary(async (folder) => {
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    return loadDataset(`folder:${folder}`, options);
  });
}

const grey = {
  'dog/b.png': png(2, 1, [0, 51, 102, 255]),
  'cat/a.png': png(2, 1, [255, 255, 255, 255]),
  'dog/a.png': png(2, 1, [51, 51, 51, 51]),
  'dog/notes.txt': 'no image',
  '.hidden/a.png': png(2, 1, [0, 0, 0, 0]),
  'empty/notes.txt': 'no image',
  'README.md': 'no folder',
};

test('a class is a folder, and its images are bytes from 0 to 1', async (t) => {
  const dataset = await load(grey);
  t.deepEqual(dataset.classes, ['cat', 'dog']);
  t.deepEqual(dataset.train.inputShape, [1, 2, 2]);
  const { inputs, labels } = dataset.train.take();
  t.deepEqual(labels.toArray(), [0, 1, 1]);
  t.deepEqual(inputs.toArray(), [1, 1, 1, 1, 0.2, 0.2, 0.2, 0.2, 0, 0.2, 0.4, 1].map(Math.fround));
  t.deepEqual(
    [0, 1, 2].map((sample) => dataset.records?.row(sample)),
    [
      [join('cat', 'a.png'), 'cat'],
      [join('dog', 'a.png'), 'dog'],
      [join('dog', 'b.png'), 'dog'],
    ],
  );
});

test('colours lie plane by plane; grey images among them get three equal ones, and what is transparent is white', async (t) => {
  const { train } = await load({
    'a/colour.png': png(2, 3, [255, 0, 51, 0, 255, 102]),
    'a/grey.png': png(2, 1, [51, 255]),
    'b/clear.png': png(2, 4, [255, 0, 0, 255, 255, 0, 0, 0]),
  });
  t.deepEqual(train.inputShape, [3, 1, 2]);
  t.deepEqual(
    train.take().inputs.toArray(),
    [1, 0, 0, 1, 0.2, 0.4, 0.2, 1, 0.2, 1, 0.2, 1, 1, 1, 0, 1, 0, 1].map(Math.fround),
  );
});

test('images are scaled to a shape, as JPEG and WebP files too', async (t) => {
  const plain = sharp({ create: { width: 6, height: 4, channels: 3, background: { r: 255, g: 255, b: 255 } } });
  const files = { 'a/x.jpg': await plain.jpeg().toBuffer(), 'b/y.webp': await plain.webp().toBuffer() };
  const { train } = await load({ ...files, 'b/z.png': png(2, 1, [255, 255, 255, 255]) }, { shape: [1, 3, 5] });
  t.deepEqual(train.take().inputs.toArray(), new Array(3 * 15).fill(1));
});

test('a second folder has the classes and the shape of the first', async (t) => {
  const like = await load(grey);
  const second = await load({ 'dog/x.png': png(3, 1, new Array(9).fill(255)) }, { like });
  t.deepEqual([second.classes, second.train.inputShape], [like.classes, [1, 2, 2]]);
  t.deepEqual(second.train.take().labels.toArray(), [1]);
  const other = { 'cow/x.png': png(2, 1, [0, 0, 0, 0]) };
  await t.throwsAsync(load(other, { like }), {
    code: 'INVALID_DATA',
    message: /cow: the folder is none of the classes cat, dog/,
  });
});

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="2" height="2"><rect width="2" height="2"/></svg>';
const refused: Record<
  string,
  [files: Record<string, Uint8Array | string>, options: DatasetOptions, code: string, message: RegExp]
> = {
  'images of two sizes': [
    { ...grey, 'dog/c.png': png(3, 1, [1, 2, 3]) },
    {},
    'INVALID_DATA',
    /c\.png has 3 x 1 pixels but .*a\.png 2 x 2: .*option shape/,
  ],
  'a file that is no image': [{ ...grey, 'dog/c.png': 'text' }, {}, 'INVALID_FILE', /c\.png is not an image/],
  'images of one class': [{ 'dog/b.png': grey['dog/b.png'] }, {}, 'INVALID_DATA', /one class alone/],
  'an image that is cut off': [
    {
      ...grey,
      'dog/c.png': png(
        2,
        1,
        Array.from({ length: 4 }, (_, pixel) => (pixel * pixel) % 251),
      ).subarray(0, 50),
    },
    {},
    'INVALID_FILE',
    /c\.png is not an image/,
  ],
  'another format in disguise': [{ ...grey, 'dog/c.png': svg }, {}, 'INVALID_FILE', /c\.png is of the format svg/],
  'no images at all': [{ 'a/notes.txt': 'x' }, {}, 'INVALID_FILE', /a folder for each class with images/],
  'a shape without channels': [grey, { shape: [2, 2] }, 'INVALID_ARGUMENT', /\[channels, height, width\]/],
  'a shape of two channels': [grey, { shape: [2, 2, 2] }, 'INVALID_ARGUMENT', /1 or 3 channels/],
  'a shape that takes all memory': [grey, { shape: [3, 2 ** 16, 2 ** 16] }, 'LIMIT_EXCEEDED', /give a smaller shape/],
  'an option of tables': [grey, { label: 'x' }, 'UNKNOWN_OPTION', /no option "label"/],
};

for (const [name, [files, options, code, message]] of Object.entries(refused)) {
  test(`refuses a folder with ${name}`, async (t) => {
    await t.throwsAsync(load(files, options), { code, message });
  });
}

test('a folder that is not there is named', async (t) => {
  await t.throwsAsync(loadDataset('folder:nowhere'), { code: 'NOT_FOUND', message: /Cannot list nowhere/ });
});

test('without the package that reads images the error says how to get it', async (t) => {
  const module = new URL('../../lib/data/dataset.js', import.meta.url).href;
  const hook = `export const resolve = (name, context, next) => {
    if (name === 'sharp') throw Object.assign(new Error('Cannot find package'), { code: 'ERR_MODULE_NOT_FOUND' });
    return next(name, context);
  };`;
  await withTemporary(async (folder) => {
    for (const name of ['a', 'b']) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, 'x.png'), png(2, 1, [0, 0, 0, 0]));
    }
    const script = `
      const { register } = await import('node:module');
      register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))});
      const { loadDataset } = await import(${JSON.stringify(module)});
      await loadDataset(${JSON.stringify(`folder:${folder}`)}).catch((error) => console.log(error.code, error.message));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    t.is(
      stdout.trim(),
      'NOT_FOUND Images are read by the package sharp, which is not installed. Install it with: npm install sharp',
    );
  });
});
