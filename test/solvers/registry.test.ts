import { readFile } from 'node:fs/promises';
import test from 'ava';
import { optimizers } from '../../lib/optimizers/index.js';
import { minimizeOptions } from '../../lib/solvers/index.js';

test('the pages name every optimizer and every option of minimize', async (t) => {
  const index = await readFile('docs/methods.md', 'utf8');
  for (const name of Object.keys(optimizers)) t.true(index.includes(`'${name}'`), name);
  const page = await readFile('docs/methods/minimize.md', 'utf8');
  for (const key of Object.keys(minimizeOptions))
    t.true(page.includes(`\`${key}\``) || index.includes(`\`${key}\``), key);
});
