import { readdir, readFile } from 'node:fs/promises';
import test from 'ava';
import { optimizers } from '../../lib/optimizers/index.js';
import { methodNames, minimizeOptions } from '../../lib/solvers/index.js';

test('the pages name every optimizer and every option of minimize', async (t) => {
  const index = await readFile('docs/methods.md', 'utf8');
  for (const name of Object.keys(optimizers)) t.true(index.includes(`'${name}'`), name);
  const page = await readFile('docs/methods/minimize.md', 'utf8');
  for (const key of Object.keys(minimizeOptions))
    t.true(page.includes(`\`${key}\``) || index.includes(`\`${key}\``), key);
});

test('every method that is written is in the registry', async (t) => {
  const folder = new URL('../../lib/solvers/methods/', import.meta.url);
  const files = (await readdir(folder, { recursive: true })).filter(
    (file) => file.endsWith('.js') && file !== 'index.js',
  );
  const modules: object[] = await Promise.all(files.map((file) => import(new URL(file, folder).href)));
  const isMethod = (value: unknown): boolean => typeof value === 'function' && 'evaluations' in value;
  const written = modules.flatMap(Object.entries).filter(([, value]) => isMethod(value));
  t.deepEqual(written.map(([name]) => name).toSorted(), methodNames);
});

test('every page of a method is one of the registry', async (t) => {
  const pageOf = (name: string): string => `${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}.md`;
  t.deepEqual(await readdir('docs/methods'), [...methodNames, 'minimize'].map(pageOf).toSorted());
});
