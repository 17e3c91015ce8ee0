import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const root = new URL('../../../', import.meta.url);

/** Runs a script, which ends with status 1, and rejects here, where something was not as it must be. */
async function linesOf(script: string, ...args: readonly string[]): Promise<string[]> {
  const file = fileURLToPath(new URL(`scripts/${script}`, root));
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...args], { timeout: 170_000 });
  return stdout.trimEnd().split('\n');
}

test('runs that are killed, find the disk full, are damaged or share a folder end as they must', async (t) => {
  const rows = await linesOf(
    'reliability-study.mjs',
    ...['--kills', '2', '--stride', '53', '--flips', '12', '--rounds', '1', '--seed', '1'],
  );
  const faults = rows.slice(2).map((row) => row.split('|').at(-2)?.trim());
  t.deepEqual(faults, Array(9).fill('0'), rows.join('\n'));
});

test('damaged files of every kind give a result or an error with a known code', async (t) => {
  const only = 'onnx,idx,dataset,safetensors,checkpoint,run-folder';
  const lines = await linesOf('fuzz.mjs', '--mutants', '12', '--seed', '5', '--only', only);
  t.is(lines.length, only.split(',').length);
  for (const line of lines) t.regex(line, /: 12 tried from \d+ seeds, 0 faults; /);
});

test('the page on reliability has a row for every target of the fuzzer', async (t) => {
  const page = await readFile(new URL('docs/reliability.md', root), 'utf8');
  const [usage = ''] = (await linesOf('fuzz.mjs', '--help')).filter((line) => line.includes('--only'));
  const targets = /commas between them: (.*)$/.exec(usage)?.[1]?.split(', ') ?? [];
  t.true(targets.length >= 7);
  for (const target of targets) t.true(page.includes(`| \`${target}\` |`), target);
});
