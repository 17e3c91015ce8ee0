import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { shell } from '../support/command-line.js';

/** Arguments that make an example short. */
const short: Readonly<Record<string, string>> = {
  'constraints.mjs': '10',
  'distillation.mjs': '10',
  'few-shot.mjs': '2',
  'own-network.mjs': '20',
  'poisoning.mjs': '20',
  'representation.mjs': '4',
  'reweighting.mjs': '10',
  'server.mjs': '20',
  'tuning.mjs': '20',
};

test('the table of examples names each of them', (t) => {
  const table = readFileSync('examples/README.md', 'utf8');
  const shown = [...table.matchAll(/^\| \[([^\]]+)\]\(\1(?:\/[^)]*)?\) \|/gm)].map(([, name]) => name);
  t.deepEqual(
    shown.toSorted(),
    readdirSync('examples')
      .filter((name) => name !== 'README.md')
      .toSorted(),
  );
});

for (const name of readdirSync('examples').filter((each) => each.endsWith('.mjs'))) {
  test.serial(`examples/${name} runs, and fits on a page`, async (t) => {
    t.true(readFileSync(`examples/${name}`, 'utf8').trimEnd().split('\n').length <= 60);
    const { status, stdout, stderr } = await shell(`node examples/${name} ${short[name] ?? ''}`);
    t.is(status, 0, stderr);
    t.regex(stdout, /\d/);
    t.notRegex(stdout, /NaN|undefined/);
  });
}
