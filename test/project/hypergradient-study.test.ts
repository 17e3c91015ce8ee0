import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { methods } from '../../lib/solvers/index.js';

const script = fileURLToPath(new URL('../../../scripts/hypergradient-study.mjs', import.meta.url));

test('the error of hypergradients falls with the knob of the method as theory says', async (t) => {
  // The script ends with status 1, and the promise is rejected, where a measured rate is another one.
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--methods', 'aidCg,f2ba,rmd']);
  const rows = stdout.trimEnd().split('\n').slice(2);
  t.deepEqual(
    rows.map((row) => row.split('|')[1]?.trim()),
    ['`f2ba`, forward', '`f2ba`, central', '`rmd`', '`rmd`, truncated', '`aidCg`'],
  );
  for (const row of rows) t.is(row.match(/\d, [×^] −?\d\.\d\d/g)?.length, 3, row);
});

test('the page of methods has a row for every method, or says why its hypergradient has no knob', async (t) => {
  const page = await readFile('docs/methods.md', 'utf8');
  const section = /## How exact the hypergradients are\n(.*?)\n## /s.exec(page)?.[1] ?? '';
  for (const name of Object.keys(methods)) t.true(section.includes(`\`${name}\``), name);
});
