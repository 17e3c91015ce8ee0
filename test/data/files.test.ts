import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import {
  attempt,
  copyFileAtomic,
  createFolder,
  ensureFolder,
  readBytes,
  writeFileAtomic,
  writeNewFile,
} from '../../lib/data/files.js';
import type { BilevelError } from '../../lib/errors.js';
import { Network } from '../../lib/onnx/index.js';
import { withTemporary } from '../support/temporary.js';

const module = new URL('../../lib/data/files.js', import.meta.url).href;

/**
 * Writes `bytes` bytes to `path` in a process of its own, as an unprivileged user when this one is root, under the file
 * size limit of `ulimit -f` (512-byte blocks), and returns the error's code and message.
 */
async function writeInChild(path: string, bytes: number, blocks: number | 'unlimited'): Promise<string> {
  const script = `
    const { writeFileAtomic } = await import(${JSON.stringify(module)});
    if (process.getuid() === 0) process.setuid(65534);
    await writeFileAtomic(${JSON.stringify(path)}, new Uint8Array(${bytes})).then(
      () => console.log('written'),
      (error) => console.log(error.code + ' ' + error.message),
    );`;
  const { stdout } = await promisify(execFile)('/bin/sh', [
    '-c',
    `ulimit -f ${blocks}; exec "$0" --input-type=module -e "$1"`,
    process.execPath,
    script,
  ]);
  return stdout.trim();
}

const posix = process.platform === 'win32' ? test.skip : test;

test('replaces a file and leaves nothing else behind', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'a.txt');
    await writeFileAtomic(path, 'one');
    await writeFileAtomic(path, 'two');
    t.is(await readFile(path, 'utf8'), 'two');
    t.deepEqual(await readdir(folder), ['a.txt']);
  }));

posix('a write that stops half-way keeps the previous file and cleans up', (t) =>
  withTemporary(async (folder) => {
    const open = join(folder, 'open');
    await mkdir(open, { mode: 0o777 });
    await promisify(execFile)('chmod', ['777', folder, open]);
    const path = join(open, 'state.bin');
    await writeFile(path, 'the previous checkpoint', { mode: 0o666 });
    const answer = await writeInChild(path, 1_000_000, 8);
    t.regex(answer, /^IO_ERROR Cannot write .*state\.bin: .*size limit/);
    t.is(await readFile(path, 'utf8'), 'the previous checkpoint');
    t.deepEqual(await readdir(open), ['state.bin']);
    t.is(await writeInChild(path, 1_000_000, 'unlimited'), 'written');
    t.is((await readFile(path)).length, 1_000_000);
  }),
);

posix('a folder that may not be written gives an error that names the path', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'config.json');
    await writeFile(path, 'kept');
    await promisify(execFile)('chmod', ['555', folder]);
    const answer = await writeInChild(path, 10, 'unlimited');
    t.regex(answer, /^IO_ERROR Cannot write .*config\.json: permission denied/);
    t.is(await readFile(path, 'utf8'), 'kept');
    await promisify(execFile)('chmod', ['755', folder]);
  }),
);

(process.platform === 'linux' ? test : test.skip)('a full device is an IO_ERROR that says so', async (t) => {
  await t.throwsAsync(
    attempt('write', '/dev/full', () => writeFile('/dev/full', 'x')),
    {
      code: 'IO_ERROR',
      message: 'Cannot write /dev/full: the disk is full; free some space or choose another disk.',
    },
  );
});

test('a missing folder, a file in the place of a folder, and a folder in the place of a file are IO_ERRORs', (t) =>
  withTemporary(async (folder) => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    await t.throwsAsync(writeFileAtomic(join(folder, 'none', 'a'), ''), {
      code: 'IO_ERROR',
      message: /does not exist/,
    });
    await t.throwsAsync(writeFileAtomic(join(file, 'a'), ''), { code: 'IO_ERROR', message: /file where a folder/ });
    await t.throwsAsync(writeFileAtomic(folder, ''), { code: 'IO_ERROR' });
    await t.throwsAsync(ensureFolder(join(file, 'a')), { code: 'IO_ERROR' });
  }));

test('an empty name is no folder, though the system takes it for the current one', (t) =>
  t.throwsAsync(ensureFolder(''), { code: 'INVALID_ARGUMENT', message: /name of a folder/ }));

test('folders that are created under one name at the same time are different ones', (t) =>
  withTemporary(async (folder) => {
    const name = join(folder, 'runs', 'run');
    const made = await Promise.all([createFolder(name), createFolder(name), createFolder(name)]);
    t.deepEqual(made.sort(), [name, `${name}-2`, `${name}-3`]);
    t.deepEqual((await readdir(join(folder, 'runs'))).sort(), ['run', 'run-2', 'run-3']);
    await writeFile(join(folder, 'file'), '');
    await t.throwsAsync(createFolder(join(folder, 'file', 'run')), { code: 'IO_ERROR' });
  }));

test('folders whose parents are made at the same time by others are made too', (t) =>
  withTemporary(async (folder) => {
    const names = Array.from({ length: 40 }, (_, index) => join(folder, 'a', 'b', 'c', String(index)));
    for (let time = 0; time < 5; time += 1) {
      await Promise.all(names.map(ensureFolder));
      t.is((await readdir(join(folder, 'a', 'b', 'c'))).length, 40);
      await rm(join(folder, 'a'), { recursive: true });
    }
    if (process.platform === 'linux') {
      await t.throwsAsync(ensureFolder('/proc/a/b'), { code: 'IO_ERROR', message: /\/proc takes no folders/ });
    }
  }));

test('reading checks the size first and tells missing files from unreadable ones', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'a');
    await writeFile(path, 'four');
    t.is((await readBytes(path)).length, 4);
    await t.throwsAsync(readBytes(path, 3), { code: 'LIMIT_EXCEEDED', message: /4 bytes; at most 3/ });
    await t.throwsAsync(readBytes(join(folder, 'b')), { code: 'NOT_FOUND' });
    await t.throwsAsync(readBytes(folder), { code: 'IO_ERROR' });
  }));

test('a file is read whole, up to the limit and not beyond', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'data');
    await writeFile(
      path,
      Uint8Array.from({ length: 200_000 }, (_, index) => index % 251),
    );
    t.deepEqual(Buffer.from(await readBytes(path, 200_000)), await readFile(path));
    await t.throwsAsync(() => readBytes(path, 199_999), { code: 'LIMIT_EXCEEDED', message: /200000 bytes.*199999/ });
    await writeFile(path, '');
    t.is((await readBytes(path)).length, 0);
  }));

posix('devices, pipes and sockets are refused at once, and so is what they are linked to', (t) =>
  withTemporary(async (folder) => {
    const [pipe, link] = [join(folder, 'pipe'), join(folder, 'link')];
    await promisify(execFile)('mkfifo', [pipe]);
    await symlink('/dev/zero', link);
    for (const path of [pipe, link, '/dev/zero']) {
      await t.throwsAsync(() => readBytes(path), { code: 'INVALID_FILE', message: /is a device, a pipe or a socket/ });
    }
    await t.throwsAsync(() => Network.load(pipe), { code: 'INVALID_FILE' });
  }),
);

test('a file that says it is empty is read to its end, or up to the limit', async (t) => {
  // Where there is no such file system the calls find no file, which they say.
  const path = '/proc/self/status';
  const text = await readBytes(path).then(
    (bytes) => new TextDecoder().decode(bytes),
    (error: BilevelError) => error.code,
  );
  t.regex(text, /^Name:.*[\s\S]*|^NOT_FOUND$/);
  const error = await t.throwsAsync(() => readBytes(path, 10));
  t.regex(String((error as BilevelError).code), /^LIMIT_EXCEEDED$|^NOT_FOUND$/);
});

test('of several that write a new file at once one succeeds, and its content stays', (t) =>
  withTemporary(async (folder) => {
    const path = join(folder, 'new');
    const texts = ['a', 'b', 'c', 'd'];
    const written = await Promise.all(texts.map((text) => writeNewFile(path, text)));
    t.is(written.filter(Boolean).length, 1);
    t.is(await readFile(path, 'utf8'), texts[written.indexOf(true)] ?? '');
    t.false(await writeNewFile(path, 'e'));
    t.deepEqual(await readdir(folder), ['new']);
    await t.throwsAsync(writeNewFile(join(folder, 'none', 'a'), ''), { code: 'IO_ERROR', message: /does not exist/ });
  }));

test('a copy replaces a file in one step, and what is not there is named', (t) =>
  withTemporary(async (folder) => {
    const [from, to] = [join(folder, 'from'), join(folder, 'to')];
    await writeFile(from, 'new');
    await writeFile(to, 'old');
    await copyFileAtomic(from, to);
    t.is(await readFile(to, 'utf8'), 'new');
    await t.throwsAsync(copyFileAtomic(join(folder, 'none'), to), { code: 'NOT_FOUND', message: /none/ });
    t.is(await readFile(to, 'utf8'), 'new');
    t.deepEqual((await readdir(folder)).toSorted(), ['from', 'to']);
  }));
