import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { packageRoot } from '../../lib/package-root.js';

const isThere =
  existsSync(join(packageRoot(), 'build', 'Release', 'bilevel_mpi.so')) &&
  spawnSync('mpirun', ['--version']).status === 0;

export interface Ended {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program on so many ranks of this machine; undefined, after saying so, where MPI is not there.
 * @param signal is Ctrl-C in the terminal of mpirun
 */
export async function runRanks(
  t: ExecutionContext,
  count: number,
  words: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  signal?: AbortSignal,
): Promise<Ended | undefined> {
  if (!isThere) {
    t.log('skipped: MPI is not there');
    t.pass();
    return undefined;
  }
  // More ranks than processors, also as root, as in a container.
  const own = ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none', '-n', String(count), process.execPath];
  const options = { timeout: 120_000, maxBuffer: 2 ** 26, env: { ...process.env, ...environment } };
  try {
    const running = promisify(execFile)('mpirun', [...own, ...words], options);
    signal?.addEventListener('abort', () => running.child.kill('SIGINT'));
    const { stdout, stderr } = await running;
    return { status: 0, stdout, stderr };
  } catch (error) {
    const {
      code = 'none',
      stdout = '',
      stderr = '',
    } = error as { code?: number | string; stdout?: string; stderr?: string };
    return { status: code, stdout, stderr };
  }
}
