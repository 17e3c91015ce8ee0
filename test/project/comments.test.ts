import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';

/** As wide as the formatter lets code be; it leaves comments alone. */
const width = 120;

/** Places of lines of comments that are wider, among the lines of a file. */
function wide(file: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const isComment = /^\s*(\/\/|\/\*|\*)/.test(line) && !line.includes('biome-ignore');
    return isComment && line.length > width ? [`${file}:${index + 1}`] : [];
  });
}

for (const folder of ['lib', 'native', 'scripts', 'test', 'bench']) {
  test(`comments in ${folder}/ are at most ${width} columns wide`, (t) => {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(ts|mjs|h|cpp|inc)$/.test(name) && !/_pb\.ts$|node_modules/.test(name))
      .map((name) => `${folder}/${name}`);
    t.true(files.length > 5);
    t.deepEqual(
      files.flatMap((file) => wide(file, readFileSync(file, 'utf8'))),
      [],
    );
  });
}

test('a comment that is too wide is found, whatever its kind, and code is not', (t) => {
  const long = 'x'.repeat(width);
  const lines = [`// ${long}`, `  /** ${long} */`, ` * ${long}`, `const text = '${long}';`, '// short'];
  t.deepEqual(wide('file.ts', lines.join('\n')), ['file.ts:1', 'file.ts:2', 'file.ts:3']);
});
