// Commands on several ranks: one folder, one error, and the results of one process.
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { packageRoot } from '../../lib/package-root.js';
import { runRanks } from '../support/mpi.js';
import { withTemporary } from '../support/temporary.js';

const main = join(packageRoot(), 'dist', 'lib', 'cli', 'main.js');
const study = [
  'synthetic',
  '--problems',
  'P1',
  '--methods',
  'gd,penalty',
  '--T',
  '2',
  '--trials',
  '2',
  '--threads',
  '1',
];

interface Made {
  readonly runs: readonly { readonly method: string; readonly distances: object }[];
}

test('a study on two ranks is that of one, goes on from its folder, and prints it once', (t) =>
  withTemporary(async (parent) => {
    const out = join(parent, 'run');
    const scratch = join(parent, 'scratch');
    await mkdir(scratch);
    const options = ['--json', '--out', out];
    const first = await runRanks(t, 2, [main, ...study, '--iterations', '10', ...options], { TMPDIR: scratch });
    if (first === undefined) return;
    t.is(first.status, 0, first.stderr);
    const again = await runRanks(t, 2, [main, ...study, '--iterations', '10', ...options, '--resume'], {
      TMPDIR: scratch,
    });
    t.is(again?.status, 0, again?.stderr);
    const [one, two]: Made[] = [first, again].map((each) => JSON.parse(each?.stdout ?? ''));
    t.deepEqual(
      two?.runs.map(({ distances }) => distances),
      one?.runs.map(({ distances }) => distances),
    );
    t.true((await readdir(out)).includes('report.html'));
    // Where the other rank wrote.
    t.deepEqual(
      (await readdir(scratch)).filter((name) => name.startsWith('bilevel-')),
      [],
    );
  }));

test('what all ranks find wrong is said once, and ends them', (t) =>
  withTemporary(async (parent) => {
    const ended = await runRanks(t, 2, [main, ...study, '--T', 'x', '--out', join(parent, 'run')]);
    if (ended === undefined) return;
    t.not(ended.status, 0);
    t.is(ended.stderr.match(/INVALID_ARGUMENT/g)?.length, 1, ended.stderr);
    t.regex(ended.stderr, /on rank 0/);
  }));
