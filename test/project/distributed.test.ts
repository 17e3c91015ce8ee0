import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import test from 'ava';
import { parse } from 'yaml';
import { main } from '../support/command-line.js';
import { withTemporary } from '../support/temporary.js';

const page = await readFile(new URL('../../../docs/distributed.md', import.meta.url), 'utf8');
const blocks = (language: string): string[] =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);

/** Runs a script of the page in a folder in which npx makes studies small, and gives what it printed. */
async function run(
  folder: string,
  script: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<string> {
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const small = '--trials 2 --iterations 5 --problems P1,P2 --methods gd --T 1';
  const npx = `#!/bin/sh\nshift\n[ "$1" = merge ] && exec "${process.execPath}" "${main}" "$@"\nexec "${process.execPath}" "${main}" "$@" ${small}\n`;
  await writeFile(join(bin, 'npx'), npx);
  await chmod(join(bin, 'npx'), 0o755);
  const env = { ...process.env, ...environment, PATH: `${bin}${delimiter}${process.env.PATH}` };
  return new Promise((resolve, reject) => {
    execFile('sh', ['-c', script], { cwd: folder, env }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}

const merge = 'npx bilevel merge runs/synthetic';

test('docs/distributed.md: the script for Slurm makes the study, task by task', (t) =>
  withTemporary(async (folder) => {
    const script = blocks('sh').find((text) => text.includes('#SBATCH')) ?? '';
    const last = Number(/--array=1-(\d+)/.exec(script)?.[1]);
    const array = {
      SLURM_ARRAY_TASK_MIN: '1',
      SLURM_ARRAY_TASK_MAX: String(last),
      SLURM_ARRAY_TASK_COUNT: String(last),
    };
    // The study has two runs.
    for (const id of ['1', '2', String(last)]) await run(folder, script, { ...array, SLURM_ARRAY_TASK_ID: id });
    t.regex(await run(folder, merge), /P2 +gd/);
  }));

test('docs/distributed.md: the Job for Kubernetes makes the study, pod by pod', (t) =>
  withTemporary(async (folder) => {
    const { spec } = parse(blocks('yaml')[0] ?? '');
    const [{ command, volumeMounts }] = spec.template.spec.containers;
    t.is(command.at(-1), `auto/${spec.completions}`);
    t.true(command.includes(`${volumeMounts[0].mountPath}/synthetic`));
    const line = command.join(' ').replace('/runs/synthetic', 'runs/synthetic');
    for (const index of ['0', '1', '0']) await run(folder, line, { JOB_COMPLETION_INDEX: index });
    t.regex(await run(folder, merge), /P2 +gd/);
  }));

test('docs/distributed.md: the line for one machine makes the study', (t) =>
  withTemporary(async (folder) => {
    const line = blocks('sh').find((text) => text.includes('xargs')) ?? '';
    await run(folder, line.replaceAll('8', '2'));
    t.regex(await run(folder, merge), /P2 +gd/);
  }));
