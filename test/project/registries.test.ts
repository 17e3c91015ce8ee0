import { readdir } from 'node:fs/promises';
import test from 'ava';
import { sets } from '../../lib/bilevel/index.js';
import { samplers } from '../../lib/data/samplers/index.js';
import { optimizers } from '../../lib/optimizers/index.js';
import { schedules } from '../../lib/schedules/index.js';

/** Tables whose entries have a file each, named as they are, and the files beside these. */
const registries: Readonly<Record<string, readonly [table: object, others: readonly string[]]>> = {
  'lib/bilevel/sets': [sets, ['all', 'ball', 'boxed-l2-ball', 'boxed-simplex', 'index', 'set']],
  'lib/data/samplers': [samplers, ['checked', 'independent', 'index', 'sampler']],
  'lib/optimizers': [optimizers, ['index', 'optimizer']],
  'lib/schedules': [schedules, ['all', 'index', 'of-function', 'schedule']],
};

for (const [folder, [table, others]] of Object.entries(registries)) {
  test(`every file of ${folder} has a line in its table`, async (t) => {
    const files = (await readdir(folder)).map((file) => file.replace(/\.ts$/, ''));
    const named = files.filter((file) => !others.includes(file));
    const names = named.map((file) => file.replace(/-./g, ([, letter = '']) => letter.toUpperCase()));
    t.deepEqual(names.toSorted(), Object.keys(table).toSorted());
  });
}
