import { existsSync, statSync } from 'node:fs';
import { cp, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import test from 'ava';
import { bilevel, errorOf } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const run = [
  'synthetic',
  '--trials',
  '2',
  '--iterations',
  '20',
  '--problems',
  'P1,P2',
  '--methods',
  'gd',
  '--T',
  '1,2',
];

const isPage = (name: string): boolean => /\.(html|svg)$/.test(name);
const pagesOf = (part: string): string[] =>
  ['P1', 'P2', 'report'].map((name) => `${name}${part}.${name === 'report' ? 'html' : 'svg'}`);

interface Made {
  readonly runs: readonly { readonly problem: string; readonly lowerSteps: number; readonly distances: object }[];
}

test('a part says which page is its own', (t) =>
  withTemporary(async (parent) => {
    const { stdout, stderr } = await bilevel(...run, '--shard', '2/4', '--out', join(parent, 'run'));
    t.regex(stdout, /open report-2-of-4\.html/, stderr);
  }));

test('parts made apart and copied into one folder are the whole study', (t) =>
  withTemporary(async (parent) => {
    const merged = join(parent, 'merged');
    const parts = await Promise.all(
      ['1/2', '2/2'].map(async (shard): Promise<Made['runs']> => {
        const out = join(parent, shard.replace('/', '-of-'));
        const { status, stdout, stderr } = await bilevel(...run, '--shard', shard, '--out', out, '--json');
        t.is(status, 0, stderr);
        t.deepEqual((await readdir(out)).filter(isPage).toSorted(), pagesOf(`-${shard.replace('/', '-of-')}`));
        return JSON.parse(stdout).runs;
      }),
    );
    const shared: string[] = [];
    for (const part of ['1-of-2', '2-of-2']) {
      const filter = (_from: string, to: string): boolean => {
        if (existsSync(to) && statSync(to).isFile()) shared.push(basename(to));
        return true;
      };
      await cp(join(parent, part), merged, { recursive: true, filter });
    }
    t.deepEqual(shared, ['study.json'], 'parts have one file in common, which is the same');
    const names = (runs: Made['runs']) => runs.map(({ problem, lowerSteps }) => `${problem} ${lowerSteps}`);
    t.deepEqual(parts.map(names), [
      ['P1 1', 'P2 1'],
      ['P1 2', 'P2 2'],
    ]);
    const all = await bilevel(...run, '--out', merged, '--resume', '--json');
    t.is(all.status, 0, all.stderr);
    const { runs }: Made = JSON.parse(all.stdout);
    t.deepEqual(names(runs), ['P1 1', 'P1 2', 'P2 1', 'P2 2']);
    const pages = (await readdir(merged)).filter(isPage);
    t.deepEqual(pages.toSorted(), ['', '-1-of-2', '-2-of-2'].flatMap(pagesOf).toSorted());
    const report = await readFile(join(merged, 'report.html'), 'utf8');
    for (const run of ['P1', 'P2']) t.true(report.includes(run), 'the page of the whole has all problems');
    // With the same times: nothing was made again.
    t.deepEqual(
      runs,
      [0, 1].flatMap((index) => parts.map((part) => part[index] as Made['runs'][number])),
    );
  }));

for (const shard of ['0/2', '3/2', '1', 'a/b', '1/0']) {
  test(`the part ${shard} is refused before anything is run`, (t) =>
    withTemporary(async (parent) => {
      const outcome = await bilevel(...run, '--shard', shard, '--out', join(parent, 'run'), '--json');
      t.is(outcome.status, 1);
      t.regex(errorOf(outcome).message, /such as 1\/4/);
      t.deepEqual(await readdir(parent), []);
    }));
}
