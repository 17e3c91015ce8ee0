import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { encode } from 'fast-png';
import type { Part } from '../../../lib/tasks/few-shot/class-split.js';
import { loadFewShotData } from '../../../lib/tasks/few-shot/data.js';
import { bilevel } from '../../support/command-line.js';
import { withTemporary } from '../../support/temporary.js';

const classes: Readonly<Record<Part, readonly string[]>> = {
  train: ['ant', 'bee', 'cat'],
  validation: ['dog', 'eel'],
  test: ['fox', 'gnu'],
};
const images = 4;
const side = 16;

/** The grey of an image of a class: no two are alike. */
const greyOf = (name: string, image: number): number => 20 * (name.charCodeAt(0) - 97) + image;

async function writeImages(folder: string, names: readonly string[], pathOf: (name: string, image: number) => string) {
  for (const name of names) {
    for (let image = 0; image < images; image++) {
      const path = join(folder, pathOf(name, image));
      await mkdir(join(path, '..'), { recursive: true });
      const data = new Uint8Array(side * side).fill(greyOf(name, image));
      await writeFile(path, encode({ width: side, height: side, channels: 1, depth: 8, data }));
    }
  }
}

const all = Object.values(classes).flat();
const files = { train: 'train', validation: 'val', test: 'test' } as const;
const parts = Object.keys(files) as Part[];

async function writeFolders(folder: string): Promise<void> {
  for (const part of parts) {
    await writeImages(join(folder, files[part]), classes[part], (name, image) => join(name, `${image}.png`));
  }
}

async function writeTables(folder: string): Promise<void> {
  await writeImages(join(folder, 'images'), all, (name, image) => `${name}${image}.png`);
  for (const part of parts) {
    const rows = classes[part].flatMap((name) => [0, 1, 2, 3].map((image) => `${name}${image}.png,${name}`));
    await writeFile(join(folder, `${files[part]}.csv`), `filename,label\n${rows.join('\n')}\n`);
  }
}

async function writeLists(folder: string): Promise<void> {
  await writeImages(join(folder, 'data'), all, (name, image) => join(name, `${image}.png`));
  await mkdir(join(folder, 'splits', 'bertinetto'), { recursive: true });
  await mkdir(join(folder, 'splits', 'another'));
  for (const part of parts) {
    await writeFile(join(folder, 'splits', 'bertinetto', `${files[part]}.txt`), `${classes[part].join('\r\n')}\n`);
  }
}

const layouts = [
  ['a folder for each part', writeFolders],
  ['tables of file names', writeTables],
  ['lists of classes', writeLists],
] as const;

const settingsOf = (folder: string) => ({
  data: `folder:${folder}`,
  samples: 3,
  rotations: false,
  shape: undefined,
  seed: 0,
  trainClasses: undefined,
  validationClasses: undefined,
});

for (const [layout, write] of layouts) {
  test(`classes that are dealt out by ${layout} stay where they are`, (t) =>
    withTemporary(async (folder) => {
      await write(folder);
      const data = await loadFewShotData(settingsOf(folder));
      for (const part of parts) {
        const { x, y, classes: names } = data[part];
        t.deepEqual(names, classes[part], part);
        t.deepEqual(x.shape, [3 * names.length, 1, side, side]);
        for (const [row, label] of y.toArray().entries()) {
          t.is(x.data[row * side * side], Math.fround(greyOf(names[Number(label)] ?? '', row % 3) / 255));
        }
      }
    }));
}

test('a split that cannot be used is refused with what is wrong', (t) =>
  withTemporary(async (parent) => {
    const [folders, tables, lists] = ['folders', 'tables', 'lists'].map((name) => join(parent, name)) as [
      string,
      string,
      string,
    ];
    await Promise.all([writeFolders(folders), writeTables(tables), writeLists(lists)]);
    const refused = async (path: string, code: string, message: RegExp, given = {}) =>
      t.throwsAsync(loadFewShotData({ ...settingsOf(path), ...given }), { code, message });
    await refused(folders, 'INVALID_ARGUMENT', /neither, as .* has its classes dealt out already/, { trainClasses: 3 });
    await refused(folders, 'INVALID_ARGUMENT', /1 or 3 channels/, { shape: [2, 8, 8] });
    await writeImages(join(folders, 'test'), ['ant'], (name, image) => join(name, `${image}.png`));
    await refused(folders, 'INVALID_DATA', /class "ant" is one of train and of test/);
    await writeFile(join(tables, 'val.csv'), 'filename,label\n../../secret.png,dog\n');
    await refused(tables, 'INVALID_FILE', /val\.csv: "\.\.\/\.\.\/secret\.png" is not the name of a file in images/);
    await writeFile(join(tables, 'val.csv'), 'file,label\ndog0.png,dog\n');
    await refused(tables, 'INVALID_ARGUMENT', /no column "filename"/);
    await writeFile(join(lists, 'splits', 'bertinetto', 'val.txt'), 'dog\nowl\n');
    await refused(lists, 'INVALID_FILE', /val\.txt: .* has no folder "owl" with images/);
  }));

test('the command learns from a folder with a split', (t) =>
  withTemporary(async (folder) => {
    await writeFolders(join(folder, 'photos'));
    const tasks = ['--ways', '2', '--queries', '2', '--tasks', '2', '--iterations', '2', '--evaluations', '1'];
    const tests = ['--validation-tasks', '2', '--test-tasks', '2', '--methods', 'protoNet', '--threads', '1'];
    const data = ['--data', `folder:${join(folder, 'photos')}`, '--shape', '1,16,16'];
    const run = await bilevel('few-shot', ...data, ...tasks, ...tests, '--out', join(folder, 'run'), '--json');
    t.is(run.status, 0, run.stderr);
    const [method] = JSON.parse(run.stdout).methods;
    t.is(method.runs[0].tasks, 2);
  }));
