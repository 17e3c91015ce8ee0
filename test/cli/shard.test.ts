import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
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

interface Made {
  readonly runs: readonly { readonly problem: string; readonly lowerSteps: number; readonly distances: object }[];
}

test('parts made apart and copied into one folder are the whole study', (t) =>
  withTemporary(async (parent) => {
    const merged = join(parent, 'merged');
    const parts = await Promise.all(
      ['1/2', '2/2'].map(async (shard): Promise<Made['runs']> => {
        const out = join(parent, shard.replace('/', '-of-'));
        const { status, stdout, stderr } = await bilevel(...run, '--shard', shard, '--out', out, '--json');
        t.is(status, 0, stderr);
        await cp(out, merged, { recursive: true });
        return JSON.parse(stdout).runs;
      }),
    );
    const names = (runs: Made['runs']) => runs.map(({ problem, lowerSteps }) => `${problem} ${lowerSteps}`);
    t.deepEqual(parts.map(names), [
      ['P1 1', 'P2 1'],
      ['P1 2', 'P2 2'],
    ]);
    const all = await bilevel(...run, '--out', merged, '--resume', '--json');
    t.is(all.status, 0, all.stderr);
    const { runs }: Made = JSON.parse(all.stdout);
    t.deepEqual(names(runs), ['P1 1', 'P1 2', 'P2 1', 'P2 2']);
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
