import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/**
 * Milliseconds after which a command counts as hanging, also on a machine with much else to do; below the limit of a
 * test file.
 */
const patience = 170_000;

/** The file of the command line. */
export const main = fileURLToPath(new URL('../../lib/cli/main.js', import.meta.url));
export const fixtures = fileURLToPath(new URL('../../../test/fixtures', import.meta.url));

/** A run of the paper's form of half a second with every stage in it. */
export const smallRun = [
  ...['--form', 'paper'],
  ...['--train', '400', '--validation', '400', '--epochs', '2', '--pretrain-epochs', '20'],
  ...['--train-steps', '100', '--threads', '1'],
];

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command line in a process of its own and waits for its end. */
export function bilevel(...args: readonly string[]): Promise<Outcome> {
  return execute(process.execPath, [main, ...args]);
}

/** Runs a line by the shell. */
export function shell(line: string): Promise<Outcome> {
  return execute('sh', ['-c', line]);
}

function execute(file: string, args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(file, args, { maxBuffer: 2 ** 26, timeout: patience }, (_, stdout, stderr) =>
      resolve({ status: child.exitCode, stdout, stderr }),
    );
  });
}

/** Starts the command line, sends a signal as soon as `reached` holds, and waits for its end. */
export async function interrupted(
  args: readonly string[],
  reached: () => Promise<boolean>,
  signal: NodeJS.Signals = 'SIGINT',
): Promise<Outcome> {
  const child = spawn(process.execPath, [main, ...args], { timeout: patience });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  while (child.exitCode === null && !(await reached())) await sleep(5);
  child.kill(signal);
  await ended;
  return { status: child.exitCode, stdout, stderr };
}

/** Lines of a run's metrics so far. */
export async function metricsLines(folder: string): Promise<number> {
  const path = join(folder, 'metrics.jsonl');
  return existsSync(path) ? (await readFile(path, 'utf8')).split('\n').length - 1 : 0;
}

/** The error that --json printed. */
export function errorOf({ stdout }: Outcome): { readonly code: string; readonly message: string } {
  return JSON.parse(stdout).error;
}
