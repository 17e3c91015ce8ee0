import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import test from 'ava';
import { encode } from 'fast-png';
import { zipSync } from 'fflate';
import { loadDataset } from '../../lib/data/dataset.js';
import { shrink } from '../../lib/data/shrink.js';
import type { DatasetOptions } from '../../lib/data/sources/source.js';
import { withTemporary } from '../support/temporary.js';

async function load(files: Record<string, Uint8Array>, options: DatasetOptions = {}) {
  return withTemporary(async (folder) => {
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), bytes);
    }
    return loadDataset(`omniglot:${folder}`, options);
  });
}

/** Drawings of 4 x 4 pixels, black where ink is 1. */
const png = (ink: readonly number[]): Uint8Array =>
  encode({ width: 4, height: 4, channels: 1, depth: 8, data: Uint8Array.from(ink, (value) => 255 * (1 - value)) });

/** An archive with `images`, bools that are true on paper. */
function archive(ink: readonly number[], shape: readonly number[]): Uint8Array {
  const text = `{'descr': '|b1', 'fortran_order': False, 'shape': (${shape.join(', ')},), }`;
  const header = Buffer.from(`${text}${' '.repeat(117 - text.length)}\n`);
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]);
  return zipSync({ 'images.npy': Buffer.concat([start, header, Buffer.from(ink.map((value) => 1 - value))]) });
}

const left = [1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0];
const top = [1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0];
const small = { shape: [1, 2, 2] };

test('a character is a class, in the order of the alphabets, and pixels are ink', async (t) => {
  const { classes, train, test } = await load(
    {
      'images_evaluation/Tagalog/character01/1.png': png(top),
      'images_background/Greek/character02/1.png': png(top),
      'images_background/Greek/character01/1.png': png(left),
      'images_background/Greek/character01/2.png': png(top),
    },
    small,
  );
  t.deepEqual(classes, [
    join('images_background', 'Greek', 'character01'),
    join('images_background', 'Greek', 'character02'),
    join('images_evaluation', 'Tagalog', 'character01'),
  ]);
  t.is(test.count, 0);
  const { inputs, labels } = train.take();
  t.deepEqual(labels.toArray(), [0, 0, 1, 2]);
  t.deepEqual(inputs.shape, [4, 1, 2, 2]);
  t.deepEqual(
    inputs.toArray().map(Math.round),
    [
      [1, 0, 1, 0],
      [1, 1, 0, 0],
      [1, 1, 0, 0],
      [1, 1, 0, 0],
    ].flat(),
  );
});

test('archives have the same drawings', async (t) => {
  const { classes, train } = await load(
    {
      'images_background.npz': archive([left, top, top, left].flat(), [2, 2, 4, 4]),
      'images_evaluation.npz': archive([left, left].flat(), [1, 2, 4, 4]),
    },
    small,
  );
  t.deepEqual(classes, ['images_background/0', 'images_background/1', 'images_evaluation/0']);
  const { inputs, labels } = train.take();
  t.deepEqual(labels.toArray(), [0, 0, 1, 1, 2, 2]);
  const [l, u] = [
    [1, 0, 1, 0],
    [1, 1, 0, 0],
  ];
  t.deepEqual(inputs.toArray(), [l, u, u, l, l, l].flat());
});

test('folders without drawings, and drawings of several channels, are refused', async (t) => {
  await t.throwsAsync(load({ 'notes.txt': Buffer.from('nothing') }), {
    code: 'NOT_FOUND',
    message: /images_background\.npz/,
  });
  await t.throwsAsync(load({ 'a/b/1.png': png(left) }, { shape: [3, 2, 2] }), { code: 'INVALID_ARGUMENT' });
  await t.throwsAsync(load({ 'images_background.npz': archive(left, [4, 4]) }), {
    code: 'INVALID_FILE',
    message: /expected images \[characters, drawings, height, width\].*found \[4, 4\]/,
  });
});

test('pixels of a smaller image are means of what they cover', (t) => {
  const image = Uint8Array.from([0, 60, 120, 0, 60, 120, 255, 255, 255]);
  // A cell of 1.5 x 1.5 pixels: whole pixels count 1, halves 1/2, their corner 1/4, of 2.25.
  const corner = (a: number, b: number, c: number, d: number): number => Math.round((a + b / 2 + c / 2 + d / 4) / 2.25);
  t.deepEqual(
    [...shrink(image, [3, 3], [2, 2])],
    [corner(0, 60, 0, 60), corner(120, 60, 120, 60), corner(255, 255, 0, 60), corner(255, 255, 120, 60)],
  );
  t.deepEqual([...shrink(image, [3, 3], [3, 3])], [...image]);
  const even = new Uint8Array(2 * 105 * 105).fill(200);
  t.true(shrink(even, [105, 105], [28, 28]).every((value) => value === 200));
});
