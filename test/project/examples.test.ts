import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { shell } from '../support/command-line.js';

/** Arguments that make an example short. */
const short: Readonly<Record<string, string>> = {
  'few-shot.mjs': '2',
  'poisoning.mjs': '20',
  'representation.mjs': '4',
  'tuning.mjs': '20',
};

for (const name of readdirSync('examples').filter((each) => each.endsWith('.mjs'))) {
  test.serial(`examples/${name} runs, and fits on a page`, async (t) => {
    t.true(readFileSync(`examples/${name}`, 'utf8').trimEnd().split('\n').length <= 60);
    const { status, stdout, stderr } = await shell(`node examples/${name} ${short[name] ?? ''}`);
    t.is(status, 0, stderr);
    t.regex(stdout, /\d/);
    t.notRegex(stdout, /NaN|undefined/);
  });
}
