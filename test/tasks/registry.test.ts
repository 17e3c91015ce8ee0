import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { runStudy } from '../../lib/study/index.js';
import type { Curve } from '../../lib/tasks/comparison/index.js';
import { findStudy, studiesFor, tasks } from '../../lib/tasks/index.js';
import { testDevice } from '../support/devices.js';
import { withTemporary } from '../support/temporary.js';

const root = new URL('../../../', import.meta.url);

/** Options that make a task small enough for a test. */
const small: Readonly<Record<string, object>> = {
  'hyper-cleaning': { train: 100, validation: 100 },
  denoising: { train: 400, validation: 400 },
  poisoning: { train: 100, validation: 100, test: 200, points: 4 },
  representation: { features: 4, embedding: 6, samples: 20 },
  synthetic: { problem: 'P4', trials: 2 },
};

test('every folder with a task has a line in the table, a page and a test', async (t) => {
  const folders = new URL('lib/tasks/', root);
  const names = (await readdir(folders)).filter((name) => existsSync(new URL(`${name}/task.ts`, folders)));
  t.deepEqual(names.toSorted(), tasks.map(({ name }) => name).toSorted());
  const page = await readFile(new URL('docs/cli.md', root), 'utf8');
  for (const name of names) {
    t.true(existsSync(new URL(`docs/${name}.md`, root)), `docs/${name}.md`);
    t.true(page.includes(`(${name}.md)`), `docs/cli.md names docs/${name}.md`);
    t.true(existsSync(new URL(`test/tasks/${name}.test.ts`, root)), `test/tasks/${name}.test.ts`);
    t.truthy(small[name], `options of ${name} in this file`);
  }
});

test('every study has a name of its own and asks for no option twice', (t) => {
  const studies = tasks.flatMap(({ name }) => studiesFor(name));
  const names = studiesFor().map(({ name }) => name);
  t.is(new Set(names).size, names.length);
  const common = ['out', 'resume', 'shard', 'checkpointSeconds', 'tensorboard', 'json', 'threads', 'precision'];
  for (const { name, options } of studies) {
    const keys = [...common, ...Object.values(options).flatMap((table) => Object.keys(table))];
    t.deepEqual(
      keys.filter((key, index) => keys.indexOf(key) !== index),
      [],
      name,
    );
  }
  t.throws(() => findStudy('denois'), { code: 'INVALID_ARGUMENT', message: /compare, denoise/ });
});

const device = testDevice();
test.after.always(() => device.dispose());

for (const { name, quantities } of tasks) {
  test(`methods are compared on ${name}, and every quantity is measured`, (t) =>
    withTemporary(async (parent) => {
      const study = findStudy('compare', name);
      const methods = Object.keys(tasks.find((task) => task.name === name)?.methods ?? {}).slice(-2);
      const given = { ...small[name], methods: methods.join(','), batch: 20, evaluations: 30, measurements: 2 };
      const { results, stopped } = await runStudy(study, study.validate(given), { out: join(parent, 'run'), device });
      t.false(stopped);
      t.is(results.outcomes.length, 2);
      for (const { failure, measured } of results.outcomes) {
        t.is(failure, undefined);
        const curve = measured as Curve;
        t.true(curve.length >= 2);
        for (const quantity of Object.keys(quantities)) {
          for (const measurement of curve) t.true(Number.isFinite(measurement[quantity]), quantity);
        }
      }
      const charts = Object.values(study.charts?.(results) ?? {}).flatMap((picture) => picture.charts);
      t.true(charts.length > 0);
    }));
}
