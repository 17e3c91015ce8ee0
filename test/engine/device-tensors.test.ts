import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { fakeCuda } from '../support/engine/fake-cuda.js';

/** Over NVIDIA's libraries that are fakes; their device refuses what touches memory that is not a tensor's. */

const file = fileURLToPath(new URL('./children/device-tensors.js', import.meta.url));

test('tensors of a CUDA device are there while work on them is queued, and take none that does not fit', async (t) => {
  const fake = await fakeCuda();
  const { PATH = '' } = process.env;
  const env = { PATH, BILEVEL_CUDA_PATH: fake, XDG_CACHE_HOME: join(fake, 'cache') };
  const { stdout } = await promisify(execFile)(process.execPath, ['--expose-gc', file], { env, timeout: 60_000 });
  const { outcomes, total, back, disposed } = JSON.parse(stdout) as Record<string, Record<string, string>>;
  for (const [attempt, outcome] of Object.entries(outcomes ?? {})) t.is(outcome, 'INVALID_ARGUMENT', attempt);
  t.is(Object.keys(outcomes ?? {}).length, 12);
  t.deepEqual(total as unknown, [11, 11]);
  t.deepEqual(back as unknown, [3, 4]);
  t.is(disposed as unknown, 'DISPOSED');
});
