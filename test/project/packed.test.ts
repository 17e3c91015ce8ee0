import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import test from 'ava';

const [{ files }] = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--ignore-scripts', '--json'], { encoding: 'utf8', stdio: 'pipe' }),
) as [{ files: { path: string }[] }];
const packed = new Set(files.map(({ path }) => path));

/** What the links of a page point to in the package. */
function targets(page: string): string[] {
  const links = [...readFileSync(page, 'utf8').matchAll(/\]\(([^)#\s]+)/g)].map(([, link = '']) => link);
  return links.filter((link) => !/^\w+:/.test(link)).map((link) => posix.join(posix.dirname(page), link));
}

test('the package holds the guides, the examples and what runs, and no source of a test', (t) => {
  for (const name of ['README.md', 'LICENSE', 'docs/problems.md', 'examples/tuning.mjs', 'dist/lib/cli/main.js']) {
    t.true(packed.has(name), name);
  }
  t.deepEqual(
    [...packed].filter((name) => /(^|\/)test\//.test(name)),
    [],
  );
});

test('no link of a page in the package is dead there', (t) => {
  const pages = [...packed].filter((name) => name.endsWith('.md'));
  const dead = pages.flatMap((page) =>
    targets(page)
      .filter((target) => !isPacked(target))
      .map((target) => [page, target]),
  );
  t.deepEqual(dead, []);
});

/** A file of the package, or a folder of it. */
function isPacked(target: string): boolean {
  const folder = target.endsWith('/') ? target : `${target}/`;
  return packed.has(target) || [...packed].some((name) => name.startsWith(folder));
}
