import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { studyOptions, withBegunOptions } from '../../lib/cli/resume.js';
import { bilevel, errorOf } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const begunIn = async (folder: string, content: string): Promise<void> => {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'study.json'), content);
};

test('what says where and how a study runs does not belong to its options', (t) => {
  const words = ['synthetic', '--out', 'a', '--T', '1,5', '--shard=1/2', '--json', '--threads', '2', '--resume'];
  t.deepEqual(studyOptions(words), ['--T', '1,5', '--threads', '2']);
  t.deepEqual(studyOptions(['synthetic', '--shard', '1/2', '--out=x', '--T=1']), ['--T=1']);
});

test('--resume FOLDER stands for the options that are written there, and what is given besides comes last', (t) =>
  withTemporary(async (folder) => {
    await begunIn(folder, JSON.stringify({ command: 'synthetic', options: ['--T', '1'] }));
    const going = ['--out', folder, '--resume'];
    const resumed = ['synthetic', '--T', '1', ...going];
    t.deepEqual(await withBegunOptions(['synthetic', '--resume', folder]), resumed);
    t.deepEqual(await withBegunOptions(['synthetic', `--resume=${folder}`]), resumed);
    const more = await withBegunOptions(['synthetic', '--resume', folder, '--T', '1,2']);
    t.deepEqual(more, ['synthetic', '--T', '1', '--T', '1,2', ...going]);
    for (const words of [
      ['synthetic', ...going],
      ['synthetic', '--resume', '--json'],
      ['synthetic', '--T', '2'],
    ])
      t.deepEqual(await withBegunOptions(words), words);
    await t.throwsAsync(withBegunOptions(['denoise', '--resume', folder]), {
      code: 'INVALID_ARGUMENT',
      message: /holds a run of bilevel synthetic, not of bilevel denoise.*bilevel synthetic --resume/,
    });
    await t.throwsAsync(withBegunOptions(['synthetic', '--resume', join(folder, 'nowhere')]), { code: 'NOT_FOUND' });
    for (const content of ['{', '[]', '{"command":"synthetic"}', '{"command":"synthetic","options":[1]}']) {
      await begunIn(folder, content);
      await t.throwsAsync(withBegunOptions(['synthetic', '--resume', folder]), { code: 'INVALID_FILE' });
    }
  }));

test('a study goes on by its folder alone, and adds what is asked for besides', (t) =>
  withTemporary(async (parent) => {
    const folder = join(parent, 'study');
    const small = ['--problems', 'P1', '--methods', 'gd', '--T', '1', '--trials', '2', '--iterations', '5'];
    const first = await bilevel('synthetic', ...small, '--out', folder, '--json');
    t.is(first.status, 0, first.stderr);
    const { version, runs, ...rest } = JSON.parse(await readFile(join(folder, 'study.json'), 'utf8'));
    t.deepEqual(rest, { command: 'synthetic', options: small, device: 'cpu', precision: 'float32' });
    t.regex(version, /^\d+\.\d+\.\d+/);
    t.regex(runs, /^[0-9a-f]{64}$/);
    const again = await bilevel('synthetic', '--resume', folder, '--json');
    t.deepEqual(JSON.parse(again.stdout).runs, JSON.parse(first.stdout).runs);
    const more = await bilevel('synthetic', '--resume', folder, '--T', '1,2', '--json');
    t.deepEqual(
      JSON.parse(more.stdout).runs.map(({ lowerSteps }: { lowerSteps: number }) => lowerSteps),
      [1, 2],
    );
    t.is(errorOf(await bilevel('denoise', '--resume', folder, '--json')).code, 'INVALID_ARGUMENT');
  }));
