import { readFile } from 'node:fs/promises';
import test from 'ava';
import { optimizers } from '../lib/optimizers/index.js';
import { methods, minimizeOptions } from '../lib/solvers/index.js';

test('docs/methods.md names every method, option, choice and optimizer', async (t) => {
  const text = await readFile('docs/methods.md', 'utf8');
  const tables = { ...Object.fromEntries(Object.entries(methods).map(([name, { options }]) => [name, options])) };
  for (const [name, options] of Object.entries({ ...tables, minimize: minimizeOptions })) {
    t.true(text.includes(`\`${name}(problem, options)\``), name);
    for (const [key, option] of Object.entries(options)) {
      t.true(text.includes(`\`${key}\``), `${name}.${key}`);
      const values = option.kind === 'choice' ? option.values : [];
      for (const value of values) t.true(text.includes(`'${value}'`), `${name}.${key}: ${value}`);
    }
  }
  for (const name of Object.keys(optimizers)) t.true(text.includes(`'${name}'`), name);
});
