import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { fakeCuda } from '../support/engine/fake-cuda.js';

/** scripts/cuda/device.sh in its short form, over libraries that stand in for NVIDIA's. */

const parts = ['results', 'costs', 'shapes', 'steps'];

interface Outcome {
  readonly status: number;
  readonly text: string;
  readonly found: Readonly<Record<string, Record<string, unknown>>>;
}

async function runOn(t: ExecutionContext, libraries: string): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-gpu-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const variables = { BILEVEL_CUDA_PATH: libraries, XDG_CACHE_HOME: join(await fakeCuda(), 'cache') };
  const options = { env: { ...process.env, ...variables }, timeout: 240_000 };
  const running = promisify(execFile)('scripts/cuda/device.sh', [folder, '--quick'], options);
  const { code = 0, stdout } = (await running.catch((error: unknown) => error)) as { code?: number; stdout: string };
  const read = async (name: string) =>
    [name, JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))] as const;
  return { status: code, text: stdout, found: Object.fromEntries(await Promise.all(parts.map(read))) };
}

test.serial('what is measured on a GPU is measured part by part, with tables last', async (t) => {
  t.timeout(300_000);
  const { status, text, found } = await runOn(t, await fakeCuda());
  t.is(status, 0, text);
  for (const name of [...parts, 'engine tests']) t.regex(text, new RegExp(`^${name}: done in \\d+ s$`, 'm'));
  t.like(found.results, { wrong: [], unrepeated: [], devicesMade: 5 });
  t.true((found.results?.programs as number) >= 5);
  for (const [name, key] of [
    ['costs', 'chains'],
    ['costs', 'copies'],
    ['shapes', 'instructions'],
    ['steps', 'steps'],
  ] as const) {
    const list = found[name]?.[key];
    t.true(Array.isArray(list) && list.length > 0, `${name} ${key}`);
  }
  const tables = text.slice(text.indexOf('Device: cuda:0 (fake GPU 0)'));
  t.regex(tables, /^\| penalty +\| logreg +\| float32 +\|/m);
});

test.serial('a part that fails says so, and the others go on', async (t) => {
  t.timeout(300_000);
  const { status, text, found } = await runOn(t, '/nowhere');
  t.is(status, 1);
  for (const name of [...parts, 'engine tests']) t.regex(text, new RegExp(`^${name}: FAILED with status 1$`, 'm'));
  for (const name of parts) t.regex(String(found[name]?.failed), /CUDA cannot be used/, name);
  t.regex(text, /^Device: none$/m);
});
