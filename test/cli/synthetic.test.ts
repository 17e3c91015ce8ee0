import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { bilevel, errorOf, interrupted, shell } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const small = ['synthetic', '--trials', '2', '--iterations', '30'];
const two = [...small, '--problems', 'P1,P4', '--methods', 'gd', '--T', '2'];

const stateOf = (folder: string, run: string): string => join(folder, run, 'state.safetensors');

/** The runs that have ended. */
const endedRuns = async (folder: string): Promise<string[]> => {
  const names = (await readdir(folder)).filter((name) => /^P\d-/.test(name)).sort();
  const states = await Promise.all(names.map((name) => readFile(stateOf(folder, name), 'latin1').catch(() => '')));
  return names.filter((_, index) => states[index]?.includes('ending'));
};

interface Run {
  readonly problem: string;
  readonly method: string;
  readonly lowerSteps: number;
  readonly distances: readonly { readonly iteration: number; readonly mean: number }[];
}

test('a study shows every run, and keeps it with a page and a picture for each problem', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'study');
    const { status, stdout } = await bilevel(...two, '--methods', 'gd,penalty', '--out', folder);
    t.is(status, 0);
    t.regex(stdout, /P4\s+penalty\s+2 /);
    t.true(stdout.includes('No run is judged'));
    t.deepEqual((await readdir(folder)).filter((name) => name.includes('-')).sort(), [
      'P1-gd-T2',
      'P1-penalty-T2',
      'P4-gd-T2',
      'P4-penalty-T2',
    ]);
    t.deepEqual(await endedRuns(folder), ['P1-gd-T2', 'P1-penalty-T2', 'P4-gd-T2', 'P4-penalty-T2']);
    const page = await readFile(join(folder, 'report.html'), 'utf8');
    t.true(page.includes('P4, T = 2'));
    for (const problem of ['P1', 'P4']) t.regex(await readFile(join(folder, `${problem}.svg`), 'utf8'), /^<svg /);
    const lines = (await readFile(join(folder, 'P4-gd-T2', 'metrics.jsonl'), 'utf8')).trim().split('\n');
    t.deepEqual(
      lines.map((line) => JSON.parse(line).iteration),
      [0, 10, 20, 30],
    );
  }));

test('finished runs are kept and others are added', (t) =>
  withTemporary(async (folder) => {
    const first = await bilevel(...two, '--out', folder, '--json');
    t.is(first.status, 0, first.stderr);
    const before: { runs: Run[] } = JSON.parse(first.stdout);
    const files = ['P1-gd-T2', 'P4-gd-T2'].map((run) => stateOf(folder, run));
    const times = await Promise.all(files.map((file) => stat(file)));
    const second = await bilevel(...two, '--T', '2,3', '--out', folder, '--resume', '--json');
    const after: { runs: Run[]; acceptance: object[] } = JSON.parse(second.stdout);
    t.deepEqual(
      after.runs.map(({ problem, lowerSteps }) => [problem, lowerSteps]),
      [
        ['P1', 2],
        ['P1', 3],
        ['P4', 2],
        ['P4', 3],
      ],
    );
    t.deepEqual(
      after.runs.filter(({ lowerSteps }) => lowerSteps === 2),
      before.runs,
    );
    t.deepEqual(
      await Promise.all(files.map(async (file) => (await stat(file)).mtimeMs)),
      times.map(({ mtimeMs }) => mtimeMs),
    );
    t.deepEqual(
      before.runs[0]?.distances.map(({ iteration }) => iteration),
      [8, 15, 30],
    );
    t.deepEqual(after.acceptance, []);

    const other = await bilevel(...two, '--seed', '1', '--out', folder, '--resume', '--json');
    t.is(errorOf(other).code, 'STATE_MISMATCH');
    t.regex(errorOf(other).message, /seed is 0 there and 1 here/);
    t.regex(errorOf(await bilevel(...two, '--out', folder, '--json')).message, /already holds a run/);
    await writeFile(stateOf(folder, 'P1-gd-T2'), 'damaged');
    const damaged = errorOf(await bilevel(...two, '--out', folder, '--resume', '--json'));
    t.is(damaged.code, 'INVALID_FILE');
    t.true(damaged.message.includes(stateOf('', 'P1-gd-T2')));
  }));

test('Ctrl-C keeps finished runs and shows the command that goes on, to the same distances', (t) =>
  withTemporary(async (parent) => {
    const [whole, stopped] = [join(parent, 'whole'), join(parent, 'stopped')];
    const run = ['synthetic', '--trials', '2', '--iterations', '3000', '--problems', 'P1,P2,P3', '--methods', 'gd'];
    const command = [...run, '--T', '1,2', '--out'];
    const { status, stdout } = await interrupted([...command, stopped, '--json'], async () => {
      const runs = await endedRuns(stopped).catch(() => []);
      return runs.length >= 1;
    });
    t.is(status, 130);
    const made = await endedRuns(stopped);
    t.true(made.length >= 1 && made.length < 6, made.join(' '));
    const { resume, interrupted: told } = JSON.parse(stdout);
    t.true(told);
    const resumed = await shell(resume);
    t.is(resumed.status, 0, resumed.stderr);
    const reference = await bilevel(...command, whole, '--json');
    const distances = (text: string): unknown[] => JSON.parse(text).runs.map((each: Run) => each.distances);
    t.deepEqual(distances(resumed.stdout), distances(reference.stdout));
  }));

for (const [what, { args, message }] of Object.entries({
  'a problem that there is not': { args: ['--problems', 'P1,P9'], message: /P1, P2, P3, P4, P5 .* "P9"/ },
  'a method that there is not': { args: ['--methods', 'penatly'], message: /Did you mean penalty\?/ },
  'no lower steps': { args: ['--T', '1,0'], message: /an integer >= 1/ },
  'no trials': { args: ['--trials', '0'], message: /an integer >= 1/ },
  'another kind of matrix': { args: ['--matrix', 'own'], message: /one of shared, perTrial/ },
  'a resumption of nothing': { args: ['--out', 'nowhere/to/be/found', '--resume'], message: /holds no run/ },
})) {
  test(`${what} is refused before anything is run`, (t) =>
    withTemporary(async (folder) => {
      const out = args.includes('--out') ? [] : ['--out', join(folder, 'study')];
      const outcome = await bilevel('synthetic', ...out, ...args, '--json');
      t.is(outcome.status, 1);
      t.regex(errorOf(outcome).message, message);
      t.deepEqual(await readdir(folder), []);
    }));
}
