// Commands on several ranks: one folder, one error, and the results of one process.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { packageRoot } from '../../lib/package-root.js';
import { endsAll, runRanks } from '../support/mpi.js';
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

/** Lines of the curve of the only run of a study; 0 before there is one. */
async function linesOf(folder: string): Promise<number> {
  const file = join(folder, 'P1-penalty-T2', 'metrics.jsonl');
  return existsSync(file) ? (await readFile(file, 'utf8')).trimEnd().split('\n').length : 0;
}

test('a study on two ranks is that of one, goes on from its folder, and prints it once', (t) =>
  withTemporary(async (parent) => {
    const out = join(parent, 'run');
    const scratch = join(parent, 'scratch');
    await mkdir(scratch);
    // What a rank left that was killed on this machine, and one of which nobody knows whether it lives.
    const host = hostname().replace(/[^\w-]/g, '-');
    await mkdir(join(scratch, 'bilevel-rank-dead'));
    await writeFile(join(scratch, 'bilevel-rank-dead', `.lock.${host}.4194305.1.0123456789ab`), '');
    await mkdir(join(scratch, 'bilevel-rank-begins'));
    // The line of a part does for the first time and for every other.
    const words = [main, ...study, '--iterations', '10', '--json', '--out', out, '--resume', '--shard', '1/1'];
    const first = await runRanks(t, 2, words, { TMPDIR: scratch });
    if (first === undefined) return;
    t.is(first.status, 0, first.stderr);
    const again = await runRanks(t, 2, words, { TMPDIR: scratch });
    t.is(again?.status, 0, again?.stderr);
    const [one, two]: Made[] = [first, again].map((each) => JSON.parse(each?.stdout ?? ''));
    t.deepEqual(
      two?.runs.map(({ distances }) => distances),
      one?.runs.map(({ distances }) => distances),
    );
    t.true((await readdir(out)).includes('report-1-of-1.html'));
    // Where the other rank wrote.
    t.deepEqual(
      (await readdir(scratch)).filter((name) => name.startsWith('bilevel-')),
      ['bilevel-rank-begins'],
    );
  }));

test('a run that Ctrl-C stopped goes on, on another number of ranks, to what one process comes to', (t) =>
  withTemporary(async (parent) => {
    const [whole, stopped] = [join(parent, 'whole'), join(parent, 'stopped')];
    const long = [main, ...study.with(study.indexOf('gd,penalty'), 'penalty'), '--iterations', '10000'];
    const wish = new AbortController();
    const begun = setInterval(async () => {
      if ((await linesOf(stopped)) > 0) wish.abort();
    }, 20);
    const first = await runRanks(t, 2, [...long, '--out', stopped], {}, wish.signal);
    clearInterval(begun);
    if (first === undefined) return;
    t.regex(first.stderr, /Stopped; .* Go on with:\n {2}mpirun -n 2 node \S+ synthetic --resume \S+stopped\n/);
    const made = await linesOf(stopped);
    const resumed = await runRanks(t, 3, [main, 'synthetic', '--resume', stopped, '--json']);
    t.is(resumed?.status, 0, resumed?.stderr);
    const alone = await runRanks(t, 1, [...long, '--out', whole, '--json']);
    const [ours, expected]: Made[] = [resumed, alone].map((each) => JSON.parse(each?.stdout ?? ''));
    const all = await linesOf(whole);
    t.true(made > 0 && made < all, `${made} of ${all} lines`);
    const distances = (made?: Made) => made?.runs.map((run) => run.distances);
    t.deepEqual(distances(ours), distances(expected));
  }));

test('what all ranks find wrong is said once, and ends them', (t) =>
  withTemporary(async (parent) => {
    const ended = await runRanks(t, 2, [main, ...study, '--T', 'x', '--out', join(parent, 'run')]);
    if (ended === undefined) return;
    t.not(ended.status, 0);
    // MPICH's launcher goes on when one fails before it has joined the others.
    if (endsAll) t.is(ended.stderr.match(/INVALID_ARGUMENT/g)?.length, 1, ended.stderr);
    t.regex(ended.stderr, /on rank 0/);
  }));
