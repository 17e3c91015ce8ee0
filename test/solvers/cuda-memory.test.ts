import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { fakeCuda } from '../support/engine/fake-cuda.js';

/** Over NVIDIA's libraries that are fakes: bytes are counted here, and nothing is said of time. */

const file = fileURLToPath(new URL('./children/moved-bytes.js', import.meta.url));

test('an iteration on a CUDA device moves the state, batch indices and reports, and no data', async (t) => {
  const fake = await fakeCuda();
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-cuda-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const copies = join(folder, 'copies');
  const { PATH = '' } = process.env;
  const env = { PATH, BILEVEL_CUDA_PATH: fake, XDG_CACHE_HOME: join(fake, 'cache'), FAKE_CUDA_COPIES: copies };
  const { stdout } = await promisify(execFile)(process.execPath, [file, copies], { env });
  const { own, bound } = JSON.parse(stdout);
  t.deepEqual(own.made, bound.made);
  t.deepEqual(own.contents, bound.contents);
  const data = 4 * 6 * 2000;
  t.true(bound.moved > data, `${bound.moved} bytes`);
  t.true(own.moved < 2 * own.stateBytes + 16_384, `${own.moved} bytes with a state of ${own.stateBytes}`);
});
