import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { type FoundDevice, findDevices } from '../../lib/engine/index.js';
import { main, shell } from '../support/command-line.js';
import { fakeCuda } from '../support/engine/fake-cuda.js';

/** Device finding over NVIDIA's libraries that are fakes: nothing here needs a GPU, or shows how one behaves. */

const file = fileURLToPath(new URL('./children/found-devices.js', import.meta.url));
const fake = await fakeCuda();

type Variables = Readonly<Record<string, string>>;

/** What a process of its own finds, in which the libraries are not yet open: with each fault, and then without. */
async function foundIn(variables: Variables, ...faults: readonly string[]): Promise<FoundDevice[][]> {
  const { PATH = '' } = process.env;
  const { stdout } = await promisify(execFile)(process.execPath, [file, ...faults], { env: { PATH, ...variables } });
  return JSON.parse(stdout);
}

async function cudaIn(variables: Variables): Promise<FoundDevice[]> {
  const [found = []] = await foundIn(variables);
  return found.slice(1);
}

async function temporaryFolder(t: ExecutionContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-cuda-'));
  t.teardown(() => rm(folder, { recursive: true }));
  return folder;
}

/** A folder with the fake driver alone. */
async function driverAlone(t: ExecutionContext): Promise<string> {
  const folder = await temporaryFolder(t);
  await copyFile(join(fake, 'libcuda.so.1'), join(folder, 'libcuda.so.1'));
  return folder;
}

// Where NVIDIA's own libraries are installed, their lack cannot be seen.
const hasDriver = (await cudaIn({})).some(({ name }) => name !== undefined);
const withoutDriver = hasDriver ? test.skip : test;

test('the processor is always found, and needs no library of NVIDIA', (t) => {
  const [cpu] = findDevices();
  t.like(cpu, { kind: 'cpu', index: 0, memory: totalmem(), threads: Math.min(availableParallelism(), 256) });
  t.is(cpu?.libraries[0]?.name, 'oneDNN');
  t.regex(cpu?.libraries[0]?.version ?? '', /^\d+\.\d+\.\d+$/);
  t.false(Object.hasOwn(cpu ?? {}, 'reason'));
});

test('every device is told with its memory, capability and libraries', async (t) => {
  const [first, second, ...others] = await cudaIn({ BILEVEL_CUDA_PATH: fake, FAKE_CUDA_DEVICES: '2' });
  t.deepEqual(others, []);
  t.like(first, { kind: 'cuda', index: 0, name: 'fake GPU 0', memory: 2 ** 32, computeCapability: '9.0' });
  t.deepEqual(first?.precisions, ['float32', 'tf32', 'bf16']);
  t.like(second, { kind: 'cuda', index: 1, name: 'fake GPU 1' });
  t.deepEqual(first?.libraries, [
    { name: 'CUDA driver', version: '13.0', path: join(fake, 'libcuda.so.1') },
    { name: 'NVRTC', version: '13.99', path: join(fake, 'libnvrtc.so.13') },
  ]);
  t.false(Object.hasOwn(first ?? {}, 'reason'));
});

withoutDriver(
  'without a driver the reason names its file, every place that was looked in, and what to do',
  async (t) => {
    const [found, ...others] = await cudaIn({ BILEVEL_CUDA_PATH: '/nowhere:/elsewhere' });
    t.deepEqual(others, []);
    t.deepEqual(found, {
      kind: 'cuda',
      index: 0,
      precisions: [],
      libraries: [],
      reason:
        "CUDA cannot be used: NVIDIA's driver was not found. libcuda.so.1 was looked for in /nowhere, in /elsewhere, by the " +
        "system's loader, in /usr/local/nvidia/lib64, in /usr/lib/wsl/lib, in /run/opengl-driver/lib. Install a driver of " +
        "NVIDIA's that supports CUDA 12.0 or later. Device.cpu() needs none of it.",
    });
  },
);

withoutDriver('a file that is no library is named with what the loader says of it', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(
    join(folder, 'libcuda.so.1'),
    'not a library, though long enough to have the header of one'.repeat(9),
  );
  const [found] = await cudaIn({ BILEVEL_CUDA_PATH: folder });
  t.true(found?.reason?.includes(`What could not be opened: ${join(folder, 'libcuda.so.1')}: invalid ELF header.`));
});

test('the first folder that has a library that opens gives it', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFile(join(folder, 'libcuda.so.1'), 'damaged');
  const [found] = await cudaIn({ BILEVEL_CUDA_PATH: `/nowhere:${folder}::${fake}` });
  t.is(found?.libraries[0]?.path, join(fake, 'libcuda.so.1'));
});

test('what a driver lacks is the reason', async (t) => {
  const reasonWith = async (variables: Variables): Promise<string> =>
    (await cudaIn({ BILEVEL_CUDA_PATH: fake, ...variables })).map(({ reason }) => reason).join();
  t.regex(
    await reasonWith({ FAKE_CUDA_VERSION: '11080' }),
    /libcuda\.so\.1 supports CUDA 11\.8\. Install .* 12\.0 or later/,
  );
  t.regex(await reasonWith({ FAKE_CUDA_DEVICES: '0' }), /libcuda\.so\.1 finds no GPU\./);
  t.regex(await reasonWith({ FAKE_CUDA_CAPABILITY: '61' }), /^Its compute capability is 6\.1; 7\.5 or later is needed/);
});

test('without a compiler the devices are told, and the reason says which file is missing', async (t) => {
  const environment = { BILEVEL_CUDA_PATH: await driverAlone(t), FAKE_CUDA_DEVICES: '2' };
  const found = await cudaIn(environment);
  t.deepEqual(
    found.map(({ name }) => name),
    ['fake GPU 0', 'fake GPU 1'],
  );
  for (const { reason, libraries } of found) {
    if (libraries.length > 1) continue;
    t.regex(reason ?? '', /the compiler NVRTC was not found\. libnvrtc\.so\.13 or libnvrtc\.so\.12 was looked for in /);
    t.regex(reason ?? '', /`pip install nvidia-cuda-nvrtc`, and set BILEVEL_CUDA_PATH/);
  }
  // A driver takes no code of a later toolkit than its own.
  const [older] = await cudaIn({ ...environment, FAKE_CUDA_VERSION: '12040' });
  if (older?.libraries.length === 1) {
    t.regex(older.reason ?? '', /not found\. libnvrtc\.so\.12 was looked for .*`pip install nvidia-cuda-nvrtc-cu12`/);
  }
});

const places = [
  ['CUDA_PATH', 'lib64', 'libnvrtc.so.13'],
  ['CUDA_HOME', 'lib64', 'libnvrtc.so.12'],
  ['CONDA_PREFIX', 'lib', 'libnvrtc.so.12'],
  ['VIRTUAL_ENV', 'lib/python3.12/site-packages/nvidia/cu13/lib', 'libnvrtc.so.13'],
  ['HOME', '.local/lib/python3.9/site-packages/nvidia/cuda_nvrtc/lib', 'libnvrtc.so.12'],
] as const;

for (const [variable, below, name] of places) {
  test(`the compiler is found below ${variable}`, async (t) => {
    const root = await driverAlone(t);
    const [installed] = await cudaIn({ BILEVEL_CUDA_PATH: root });
    const folder = join(root, below);
    await mkdir(folder, { recursive: true });
    await copyFile(join(fake, 'libnvrtc.so.13'), join(folder, name));
    const [found] = await cudaIn({ BILEVEL_CUDA_PATH: root, [variable]: root });
    // One that is installed for the whole system comes before it.
    t.is(found?.libraries[1]?.path, installed?.libraries[1]?.path ?? join(folder, name));
  });
}

test('a call that fails is a reason with its name, and what is found after it is as if it had not', async (t) => {
  const log = join(await temporaryFolder(t), 'calls');
  const variables = { BILEVEL_CUDA_PATH: fake, FAKE_CUDA_DEVICES: '2' };
  const [whole = []] = await foundIn({ ...variables, FAKE_CUDA_LOG: log });
  const calls = (await readFile(log, 'utf8')).trim().split('\n');
  t.true(calls.length >= 12, calls.join());
  const numbered = calls.map(
    (name, at) => [name, calls.slice(0, at + 1).filter((each) => each === name).length] as const,
  );
  // In the order of the calls: what has succeeded once, as starting the driver, is not called again.
  const found = await foundIn(variables, ...numbered.map(([name, call]) => `${name}:${call}:999`));
  t.deepEqual(found.pop(), whole);
  for (const [at, [name]] of numbered.entries()) {
    const failed = (found[at] ?? []).filter(({ reason }) => reason?.includes(`${name.replace(/_v\d$/, '')} `));
    t.true(failed.length > 0, `${name}: ${JSON.stringify(found[at])}`);
    for (const { reason } of failed)
      t.regex(reason ?? '', /failed(: an unknown error \(999\), no description| with 999)/);
  }
});

test('bilevel devices prints every device in lines of 80 columns, and the same as JSON', async (t) => {
  const given = `BILEVEL_CUDA_PATH='${fake}' FAKE_CUDA_DEVICES=2 '${process.execPath}' '${main}' devices`;
  const { status, stdout } = await shell(given);
  t.is(status, 0);
  const blocks = stdout.trimEnd().split('\n\n');
  t.is(blocks.length, 3);
  t.regex(blocks[0] ?? '', /^cpu +.*\n +[\d.]+ GB, \d+ threads, float32(?: bf16)?\n +oneDNN \d+\.\d+\.\d+$/);
  t.regex(
    blocks[2] ?? '',
    /^cuda:1 +fake GPU 1\n +4\.3 GB, compute capability 9\.0, float32 tf32 bf16\n +CUDA driver 13\.0/,
  );
  for (const line of stdout.split('\n')) t.true(line.length <= 80 || line.includes(fake), line);
  const { devices } = JSON.parse((await shell(`${given} --json`)).stdout);
  t.deepEqual(devices.slice(1), await cudaIn({ BILEVEL_CUDA_PATH: fake, FAKE_CUDA_DEVICES: '2' }));
});
