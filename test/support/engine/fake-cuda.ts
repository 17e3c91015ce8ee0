import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const fakes = 'native/test/fake_cuda';
const emulation = 'native/test/emulation';

/** The libraries, and which files each is made of. */
const libraries = {
  'libcuda.so.1': [
    ...['contexts', 'devices', 'faults', 'graphs', 'memory', 'memory_calls', 'modules', 'state', 'streams'].map(
      (part) => `${fakes}/${part}.cpp`,
    ),
    ...['code', 'fibers', 'launch'].map((part) => `${emulation}/${part}.cpp`),
  ],
  'libnvrtc.so.13': [`${fakes}/nvrtc.cpp`, `${fakes}/faults.cpp`, `${emulation}/compiler.cpp`],
} as const;

/**
 * A folder with the fake driver and the fake compiler, for BILEVEL_CUDA_PATH. They are compiled when their sources have
 * changed; native/test/fake_cuda/ says by which variables of the environment they are told what to do. What programs
 * keep compiled belongs to the folder's kernels: XDG_CACHE_HOME should be `cache` in it.
 */
export async function fakeCuda(): Promise<string> {
  const hash = createHash('sha256');
  for (const sources of [fakes, emulation, 'native/cuda/libraries']) {
    for (const file of (await readdir(sources)).toSorted())
      hash.update(file).update(await readFile(join(sources, file)));
  }
  const folder = join(process.cwd(), 'build', 'fake-cuda', hash.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;

  // Another process may make the same: whose folder is complete first, has it.
  await mkdir(join(folder, '..'), { recursive: true });
  const unfinished = await mkdtemp(`${folder}-`);
  const defines = { COMPILER: 'c++', FLAGS: '', SOURCES: join(process.cwd(), 'native') };
  const options = [
    ...['-std=c++20', '-O1', '-fPIC', '-fvisibility=hidden', '-shared', '-Inative'],
    ...Object.entries(defines).map(([name, value]) => `-DBILEVEL_EMULATION_${name}="${value}"`),
  ];
  const compile = promisify(execFile);
  await Promise.all(
    Object.entries(libraries).map(([library, files]) =>
      compile('c++', [...options, '-o', join(unfinished, library), ...files, '-ldl', '-pthread']),
    ),
  );
  await rename(unfinished, folder).catch(() => rm(unfinished, { recursive: true }));
  return folder;
}
