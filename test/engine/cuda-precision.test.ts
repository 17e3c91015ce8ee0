import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';
import { fakeCuda } from '../support/engine/fake-cuda.js';

/** Over NVIDIA's libraries that are fakes: what rounding does to results, and nothing of how fast it is. */

const file = fileURLToPath(new URL('./children/cuda-precision.js', import.meta.url));

interface Outcome {
  readonly kind?: string;
  readonly precision?: string;
  readonly distances?: readonly number[];
  readonly code?: string;
  readonly message?: string;
}

async function outcomesOn(capability: number): Promise<Readonly<Record<string, Outcome>>> {
  const fake = await fakeCuda();
  const { PATH = '' } = process.env;
  const variables = { BILEVEL_CUDA_PATH: fake, XDG_CACHE_HOME: join(fake, 'cache') };
  const env = { PATH, ...variables, FAKE_CUDA_CAPABILITY: String(capability) };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { env, timeout: 120_000 });
  return JSON.parse(stdout);
}

test('a CUDA device rounds the operands of large products to its precision, and no sums', async (t) => {
  const outcomes = await outcomesOn(90);
  for (const [i, precision] of ['float32', 'tf32', 'bf16'].entries()) {
    for (const kind of ['cuda', 'auto']) t.like(outcomes[`${kind} ${precision}`], { kind: 'cuda', precision });
    const distances = outcomes[`cuda ${precision}`]?.distances ?? [];
    t.is(distances.length, 3);
    for (const [other, distance] of distances.entries()) {
      t.true(other === i ? distance < 1e-6 : distance > 1e-5, `${precision}: ${distances}`);
    }
  }
});

test('a GPU before the first with such numbers has float32 alone', async (t) => {
  const outcomes = await outcomesOn(75);
  t.like(outcomes['cuda float32'], { kind: 'cuda', precision: 'float32' });
  for (const name of ['cuda tf32', 'cuda bf16', 'auto tf32']) {
    t.is(outcomes[name]?.code, 'DEVICE_UNAVAILABLE', name);
    t.regex(outcomes[name]?.message ?? '', /compute capability 8\.0 or later .* has 7\.5/, name);
  }
  // The processor's, or what it lacks.
  t.true(outcomes['auto bf16']?.kind === 'cpu' || outcomes['auto bf16']?.message?.includes('bfloat16'));
});
