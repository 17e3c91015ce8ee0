import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';

const example = 'examples/electron';
const files = readdirSync(example, { recursive: true, encoding: 'utf8' }).filter((name) => /\.[cm]?js$/.test(name));
const sources = files.map((name) => readFileSync(join(example, name), 'utf8'));
const page = readFileSync('docs/electron.md', 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, code = '']) => code);

test('what docs/electron.md shows of the example is in it, which runs in test/electron', (t) => {
  t.true(blocks('mjs').length > 5);
  for (const code of blocks('mjs'))
    t.true(
      sources.some((source) => source.includes(code)),
      code,
    );
});

test('the settings of electron-builder in docs/electron.md are those of the example', (t) => {
  const [builder = ''] = blocks('json');
  const { asarUnpack } = JSON.parse(readFileSync(join(example, 'package.json'), 'utf8')).build;
  t.deepEqual(JSON.parse(builder).build.asarUnpack, asarUnpack);
});
