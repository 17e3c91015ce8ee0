import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { bilevel } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

test('bash completes commands, their options, and values that are one of a few', (t) =>
  withTemporary(async (folder) => {
    const { status, stdout } = await bilevel('completion', 'bash');
    t.is(status, 0);
    const script = join(folder, 'bilevel.bash');
    await writeFile(script, stdout);
    const complete = async (...words: string[]): Promise<string[]> => {
      const quoted = words.map((word) => `'${word}'`).join(' ');
      const call = `source '${script}'; COMP_WORDS=(bilevel ${quoted}); COMP_CWORD=${words.length}; _bilevel; echo "\${COMPREPLY[@]}"`;
      const { stdout: reply } = await promisify(execFile)('bash', ['--norc', '-c', call]);
      return reply.trim().split(' ').filter(Boolean);
    };
    t.deepEqual(await complete('den'), ['denoise']);
    t.true((await complete('')).length > 10);
    t.deepEqual(await complete('tune', '--dev'), ['--device']);
    t.deepEqual(await complete('tune', '--device', ''), ['cpu', 'cuda', 'auto']);
    t.deepEqual(await complete('tune', '--data', 'x'), []);
    t.true((await complete('denoise', '--')).includes('--no-baselines'));
    t.false((await complete('denoise', '--')).includes('--baselines'));
  }));

test('zsh has the same words by its own mechanism, and fish a line for each', async (t) => {
  const [bash, zsh, fish] = await Promise.all(['bash', 'zsh', 'fish'].map((shell) => bilevel('completion', shell)));
  t.true(zsh?.stdout.endsWith(bash?.stdout ?? '-'));
  t.regex(fish?.stdout ?? '', /^complete -c bilevel -n __fish_use_subcommand -f -a denoise -d '.*'$/m);
  t.regex(
    fish?.stdout ?? '',
    /^complete -c bilevel -n '__fish_seen_subcommand_from tune' -l device -x -a 'cpu cuda auto' -d '.*'$/m,
  );
  t.regex((await bilevel('completion', 'tcsh')).stderr, /bash, zsh, fish/);
});
