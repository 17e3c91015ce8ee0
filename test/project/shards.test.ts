import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { withTemporary } from '../support/temporary.js';

/** Runs a script of a study and gives what it printed. */
async function run(name: string, ...options: string[]): Promise<string> {
  const script = fileURLToPath(new URL(`../../../scripts/${name}-study.mjs`, import.meta.url));
  return (await promisify(execFile)(process.execPath, [script, ...options])).stdout;
}

test('the parts of the study of methods are the whole, one after the other', async (t) => {
  await withTemporary(async (folder) => {
    const file = (name: string): string => join(folder, `${name}.jsonl`);
    const few = ['--problems', 'ridge', '--methods', 'penalty,gd', '--settings', 'defaults'];
    const parts = ['1', '2'].map(async (part) => {
      t.is(await run('choosing', ...few, '--out', file(part), '--shard', `${part}/2`), '');
      return readFile(file(part), 'utf8');
    });
    const texts = await Promise.all(parts);
    t.deepEqual(
      texts.map((text) => text.trimEnd().split('\n').length),
      [2, 1],
    );
    await writeFile(file('whole'), texts.join(''));
    t.regex(await run('choosing', ...few, '--out', file('whole')), /`penalty`/);
    t.is(await readFile(file('whole'), 'utf8'), texts.join(''));
  });
});

for (const name of ['own-data', 'poisoning', 'denoising', 'paper', 'choosing']) {
  test(`the study of ${name} takes a part in which there is nothing, and refuses what is none`, async (t) => {
    await withTemporary(async (folder) => {
      const out = join(folder, 'out');
      const few = name === 'choosing' ? ['--problems', 'ridge', '--methods', 'gd', '--settings', 'defaults'] : [];
      await t.notThrowsAsync(run(name, ...few, '--out', out, '--shard', '1000/1000'));
      await t.throwsAsync(run(name, ...few, '--out', out, '--shard', '3/2'), { message: /shard/ });
    });
  });
}
