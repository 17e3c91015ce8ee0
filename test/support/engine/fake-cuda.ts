import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const sources = 'native/test/fake_cuda';
const headers = ['native/cuda/libraries/driver.h', 'native/cuda/libraries/compiler.h'];

/** The libraries, and which files each is made of. */
const libraries = {
  'libcuda.so.1': ['devices', 'unsupported', 'faults'],
  'libnvrtc.so.13': ['nvrtc', 'faults'],
} as const;

/**
 * A folder with the fake driver and the fake compiler, for BILEVEL_CUDA_PATH. They are compiled when their sources have
 * changed; native/test/fake_cuda/ says by which variables of the environment they are told what to do.
 */
export async function fakeCuda(): Promise<string> {
  const files = (await readdir(sources)).map((file) => join(sources, file));
  const hash = createHash('sha256');
  for (const file of [...files, ...headers].toSorted()) hash.update(file).update(await readFile(file));
  const folder = join(process.cwd(), 'build', 'fake-cuda', hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;

  // Another process may make the same: whose folder is complete first, has it.
  await mkdir(join(folder, '..'), { recursive: true });
  const unfinished = await mkdtemp(`${folder}-`);
  for (const [library, parts] of Object.entries(libraries)) {
    const inputs = parts.map((part) => join(sources, `${part}.cpp`));
    const options = ['-std=c++20', '-O1', '-fPIC', '-fvisibility=hidden', '-shared', '-Inative'];
    await promisify(execFile)('c++', [...options, '-o', join(unfinished, library), ...inputs]);
  }
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}
