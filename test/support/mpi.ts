import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ExecutionContext } from 'ava';
import { packageRoot } from '../../lib/package-root.js';

// Another launcher than that of the system, for a library that BILEVEL_MPI names.
const mpirun = process.env.BILEVEL_TEST_MPIRUN || 'mpirun';
const version = spawnSync(mpirun, ['--version'], { encoding: 'utf8' });
const isThere =
  existsSync(process.env.BILEVEL_MPI || join(packageRoot(), 'build', 'Release', 'bilevel_mpi.so')) &&
  version.status === 0;
/** Whether the launcher ends all processes when one fails, and names it. */
export const endsAll = version.stdout?.includes('Open MPI') === true;
// More ranks than processors, also as root, as in a container: Open MPI has to be told.
const generous = endsAll ? ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none'] : [];

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
  const own = [...generous, '-n', String(count), process.execPath];
  const options = { timeout: 120_000, maxBuffer: 2 ** 26, env: { ...process.env, ...environment } };
  try {
    const running = promisify(execFile)(mpirun, [...own, ...words], options);
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
