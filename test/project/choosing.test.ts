import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { methodNames } from '../../lib/solvers/index.js';
import { withTemporary } from '../support/temporary.js';

const script = fileURLToPath(new URL('../../../scripts/choosing-study.mjs', import.meta.url));

/** The cells of the rows of tables that begin with a name. */
const rowsOf = (text: string, name: string): string[][] =>
  text
    .split('\n')
    .filter((line) => line.startsWith(`| ${name} `))
    .map((line) => line.split('|').map((cell) => cell.replaceAll('*', '').trim()));

test('the study of methods measures f(u, v*), and does not measure again what it has', async (t) => {
  await withTemporary(async (folder) => {
    const out = join(folder, 'results.jsonl');
    const problems = ['--problems', 'ridge,sources', '--methods', 'penalty,gd,maml', '--settings', 'defaults'];
    const study = async () => (await promisify(execFile)(process.execPath, [script, '--out', out, ...problems])).stdout;
    const first = await study();
    const known = await readFile(out, 'utf8');
    t.is(known.trimEnd().split('\n').length, 2 * (1 + 3));
    const numbersOf = (name: string): number[] => (rowsOf(first, name)[0] ?? []).slice(3, 5).map(Number);
    const [untuned, gd, penalty] = ['untuned', '`gd`', '`penalty`'].map(numbersOf);
    for (const column of [0, 1]) {
      const start = untuned?.[column] ?? Number.NaN;
      t.true(start > 1);
      // gd does not see how v answers to u, which is all that f depends on here.
      t.is(gd?.[column], start);
      t.true((penalty?.[column] ?? Number.NaN) < start / 5);
    }
    t.regex(first, /Refused on all of them, .*: `maml`\.$/m);
    await study();
    t.is(await readFile(out, 'utf8'), known);
  });
});

test('the page on choosing has every method in both tables, or among those that are refused', async (t) => {
  const page = await readFile('docs/choosing.md', 'utf8');
  const refused = /^Refused on all of them.*$/m.exec(page)?.[0] ?? '';
  for (const name of methodNames) {
    if (!refused.includes(`\`${name}\``)) t.is(rowsOf(page, `\`${name}\``).length, 2, name);
  }
  t.is(rowsOf(page, '`penalty`')[0]?.[2], '17');
});
