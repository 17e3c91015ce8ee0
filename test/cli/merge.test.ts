import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { readSafetensors } from '../../lib/data/safetensors.js';
import { withoutTimes } from '../../lib/study/read-run.js';
import { bilevel, errorOf, interrupted, metricsLines, type Outcome, shell } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const synthetic = ['synthetic', '--trials', '2', '--problems', 'P1,P2', '--methods', 'gd', '--T', '1,2'];
const small = [...synthetic, '--iterations', '20'];
const runs = ['P1-gd-T1', 'P1-gd-T2', 'P2-gd-T1', 'P2-gd-T2'];

const ended = async (outcome: Promise<Outcome>): Promise<string> => {
  const { status, stdout, stderr } = await outcome;
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout;
};
/** The results of all runs as a program reads them, but for times and where they are. */
const documentOf = (stdout: string): unknown => ({ ...(withoutTimes(JSON.parse(stdout)) as object), folder: '' });
/** All that a run holds but times. */
async function contentOf(folder: string): Promise<unknown> {
  const lines = (await readFile(join(folder, 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const { tensors } = await readSafetensors(join(folder, 'state.safetensors'));
  return [lines.map((line) => withoutTimes(JSON.parse(line))), tensors];
}

const long = [...synthetic, '--iterations', '1500'];
const whole = mkdtempSync(join(tmpdir(), 'bilevel-merge-'));
let wholeDocument: unknown;
test.before(async () => {
  wholeDocument = documentOf(await ended(bilevel(...long, '--out', whole, '--json')));
});
test.after.always(() => rmSync(whole, { recursive: true }));

for (const [where, folders] of [
  ['folders of their own', ['part-1', 'part-2']],
  ['one folder', ['out', 'out']],
] as const) {
  test(`a part in ${where} that was killed is run again alone, and merged to the same bits`, (t) =>
    withTemporary(async (parent) => {
      const [first, second] = folders.map((name) => join(parent, name)) as [string, string];
      const parts = first === second ? [] : [first, second];
      const out = join(parent, 'out');
      const other = ended(bilevel(...long, '--shard', '1/2', '--out', first));
      const line = [...long, '--shard', '2/2', '--checkpoint-seconds', '0', '--out', second];
      const reached = async (): Promise<boolean> => (await metricsLines(join(second, 'P1-gd-T2'))) >= 3;
      t.is((await interrupted(line, reached, 'SIGKILL')).status, null);
      await other;

      const lacking = await bilevel('merge', out, ...parts, '--json');
      t.is(lacking.status, 1);
      t.is(errorOf(lacking).code, 'INCOMPLETE');
      const { gaps } = JSON.parse(lacking.stdout).error.details;
      t.like(gaps, [
        { run: 'P1-gd-T2', state: 'begun', folders: [join(second, 'P1-gd-T2')] },
        { run: 'P2-gd-T2', state: 'missing', folders: [] },
      ]);
      const [{ command }] = gaps;
      t.true(command.endsWith(`synthetic --shard 2/2 --resume ${second}`), command);
      t.is(gaps[1].command, command);
      await ended(shell(command));

      const merged = await ended(bilevel('merge', out, ...parts, '--json'));
      t.deepEqual(documentOf(merged), wholeDocument);
      for (const run of runs) {
        t.deepEqual(await contentOf(join(out, run)), await contentOf(join(whole, run)), run);
      }
    }));
}

test('what parts lack is told, --partial shows the rest, and the command that is told makes it', (t) =>
  withTemporary(async (parent) => {
    const [out, first] = [join(parent, 'out'), join(parent, 'part-1')];
    await ended(bilevel(...small, '--shard', '1/2', '--out', first));
    const { status, stdout, stderr } = await bilevel('merge', out, first);
    t.is(status, 1);
    t.is(stdout, '');
    t.regex(stderr, /2 of 4 runs are not in .*out:\n {2}P1-gd-T2 has not begun\.\n {2}P2-gd-T2 has not begun\./);
    const command = /made by:\n {2}(.*)\nThen merge again\./.exec(stderr)?.[1] ?? '';
    t.true(command.endsWith(`synthetic --shard 2/2 --resume ${out}`), stderr);

    const partial = JSON.parse(await ended(bilevel('merge', out, '--partial', '--json')));
    t.is(partial.runs.length, 2);
    t.like(partial.gaps, [{ run: 'P1-gd-T2' }, { run: 'P2-gd-T2' }]);
    await ended(shell(command));
    const shown = await ended(bilevel('merge', out));
    t.regex(shown, /P2 +gd +2 .*open report\.html/s);
    t.true((await readFile(join(out, 'report.html'), 'utf8')).includes('P2'));
  }));

test('a part that a scheduler begins again by the same line goes on, and a merge that was killed is made again', (t) =>
  withTemporary(async (parent) => {
    const [out, part] = [join(parent, 'out'), join(parent, 'part')];
    const line = [...small, '--shard', '1/1', '--out', part, '--resume', '--json'];
    const first = await ended(bilevel(...line));
    t.is(await ended(bilevel(...line)), first);
    await interrupted(['merge', out, part], async () => existsSync(join(out, 'P1-gd-T1')), 'SIGKILL');
    t.deepEqual(documentOf(await ended(bilevel('merge', out, part, '--json'))), documentOf(first));
  }));

test('a folder that is there, of a study, is needed', async (t) => {
  const outcome = await bilevel('merge', 'nowhere', '--json');
  t.is(outcome.status, 1);
  t.is(errorOf(outcome).code, 'NOT_FOUND');
  t.is(errorOf(await bilevel('merge', '', '--json')).code, 'INVALID_ARGUMENT');
});
