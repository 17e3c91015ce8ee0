import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { datasetSpecifications } from '../../lib/data/dataset.js';
import { sources } from '../../lib/data/sources/index.js';
import type { DatasetSource } from '../../lib/data/sources/source.js';
import { BilevelError } from '../../lib/errors.js';

/** Files of the folder that hold no source: what a source is, their list, and the formats of data of one's own. */
const others = [
  'source',
  'index',
  'parts',
  'idx-folder',
  'omniglot-folder',
  'svhn-folder',
  'image-folder',
  'table-file',
  'array-files',
];

test('every file of lib/data/sources holds one source, which is in the list and in the texts', async (t) => {
  const files = (await readdir('lib/data/sources')).map((file) => file.replace(/\.ts$/, ''));
  const own = files.filter((file) => !others.includes(file)).toSorted();
  const found = await Promise.all(
    own.map(async (file) => Object.values(await import(`../../lib/data/sources/${file}.js`)) as DatasetSource[]),
  );
  for (const [index, file] of own.entries()) {
    t.deepEqual(
      found[index]?.map(({ name }) => name),
      [file],
      `${file}.ts holds one source, called as its file`,
    );
  }
  const missing = found.flat().filter((source) => !sources.includes(source));
  t.deepEqual(missing, [], 'add it to the list in lib/data/sources/index.ts');
  t.is(sources.length, own.length);
  const help = await readFile('docs/cli.md', 'utf8');
  for (const { name } of sources) {
    t.true(datasetSpecifications.includes(name), name);
    t.false(name.includes(':'), name);
    t.true(help.includes(name), `${name} is in docs/cli.md`);
  }
});

for (const source of sources) {
  test(`${source.name} is a data set, or its absence says how to get it`, async (t) => {
    const dataset = await source.load().catch((error: unknown) => {
      t.true(error instanceof BilevelError && error.code === 'NOT_FOUND', String(error));
      t.regex(String(error), /install/i);
    });
    if (dataset === undefined) return;
    t.is(dataset.name, source.name);
    t.is(new Set(dataset.classes).size, dataset.classes.length);
    t.deepEqual(dataset.train.inputShape, dataset.test.inputShape);
    for (const part of [dataset.train, dataset.test]) {
      const { inputs, labels } = part.take([0, part.count - 1]);
      t.deepEqual(inputs.shape, [2, ...part.inputShape]);
      t.true(labels.toArray().every((label) => label >= 0 && label < dataset.classes.length));
    }
  });
}
