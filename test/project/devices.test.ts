import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { deviceNamed } from '../support/devices.js';

test('a name of BILEVEL_TEST_DEVICE is a device', (t) => {
  for (const threads of [1, 3]) {
    using device = deviceNamed(`cpu:${threads}`);
    t.like(device.info(), { kind: 'cpu', threads });
  }
  for (const name of ['cpu', 'remote']) {
    using device = deviceNamed(name);
    t.true((device.info().threads ?? 0) >= 1);
  }
});

test('another name is an error that says what is known', (t) => {
  for (const name of ['gpu', 'cpu:', 'cpu:two', 'cpu:-1', 'cpu:1:2', ' cpu']) {
    const message = `BILEVEL_TEST_DEVICE: expected cpu, cpu:THREADS, remote or cuda but received ${JSON.stringify(name)}.`;
    t.throws(() => deviceNamed(name), { message });
  }
  for (const threads of [0, 257]) t.throws(() => deviceNamed(`cpu:${threads}`), { code: 'INVALID_ARGUMENT' });
});

test('only tests of the CPU device itself make one; all others run on the device that the environment names', async (t) => {
  const makers: string[] = [];
  for (const name of await readdir('test', { recursive: true })) {
    if (!name.endsWith('.ts')) continue;
    const text = await readFile(join('test', name), 'utf8');
    // What is said of it in a text makes none.
    if (/\bDevice\.cpu\(/.test(text.replaceAll(/"[^"\n]*"|'[^'\n]*'/g, ''))) makers.push(name);
  }
  t.deepEqual(makers.toSorted(), [
    'engine/addon.test.ts',
    'engine/children/few-threads.ts',
    'engine/precision.test.ts',
    'engine/run.test.ts',
    'install/runtimes.test.ts',
    'project/arguments.test.ts',
    'ranks/children/diverge.ts',
    'ranks/children/fault.ts',
    'ranks/children/solve.ts',
    'solvers/device-memory.test.ts',
    'support/devices.ts',
  ]);
});
