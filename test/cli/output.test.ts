import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { bilevel, main, shell, smallRun } from '../support/command-line.js';
import { hostile, isSafe } from '../support/hostile.js';
import { buildModel, encode, tensor } from '../support/onnx/builder.js';
import { withTemporary } from '../support/temporary.js';

const [x, w, y] = [hostile('x'), hostile('w'), hostile('y')];

/** A classifier of 4 numbers with a name that would take over the terminal wherever a file can hold one. */
const model = encode({
  ...buildModel({
    inputs: { [x]: { shape: [hostile('batch'), 4] } },
    initializers: { [w]: tensor([1, -1, 2, 0.5, 3, -2, 1, 0], [4, 2]) },
    nodes: [{ op: 'MatMul', name: hostile('node'), inputs: [x, w], outputs: [y] }],
    outputs: [y],
  }),
  producerName: hostile('producer'),
});

const commands: readonly (readonly string[])[] = [
  ['inspect', '--instructions'],
  ['inspect', '--json'],
  ['check'],
  ['check', '--json'],
];

for (const [command = '', ...flags] of commands) {
  test(`what bilevel ${command} ${flags.join(' ')} prints of a hostile file is safe`, (t) =>
    withTemporary(async (folder) => {
      const path = join(folder, 'model.onnx');
      await writeFile(path, model);
      const { stdout, stderr } = await bilevel(command, path, ...flags);
      t.true(isSafe(stdout) && isSafe(stderr), JSON.stringify([stdout, stderr]));
      // The file was read, and its names were shown, but for a check that passes, which names nothing of it.
      if (command === 'inspect') t.true(stdout.includes('w\\u001b[2J'), stdout);
      if (flags.includes('--json')) t.notThrows(() => JSON.parse(stdout));
      if (flags.join() === '--json' && command === 'inspect') t.is(JSON.parse(stdout).parameters[0].name, w);
    }));
}

test('errors are safe, for people and for programs, whatever is in the path', async (t) => {
  for (const flags of [[], ['--json']]) {
    const { status, stdout, stderr } = await bilevel('inspect', `${hostile('none')}.onnx`, ...flags);
    t.is(status, 1);
    t.true(isSafe(stdout) && isSafe(stderr), JSON.stringify([stdout, stderr]));
    t.regex(stdout + stderr, /u001b\[2J.*NOT_FOUND|NOT_FOUND.*u001b\[2J/);
  }
});

test('nothing but the file that makes text safe writes to the streams of the process', async (t) => {
  const sources = fileURLToPath(new URL('../../../lib', import.meta.url));
  const files = (await readdir(sources, { recursive: true })).filter((name) => name.endsWith('.ts'));
  t.true(files.length > 100);
  const writing = [];
  for (const name of files) {
    const text = await readFile(join(sources, name), 'utf8');
    if (/\bconsole\.|process\.(stdout|stderr)\.write\b/.test(text)) writing.push(name);
  }
  t.deepEqual(writing, [join('cli', 'print.ts')]);
});

const command = `"${process.execPath}" "${main}"`;

(process.platform === 'win32' ? test.skip : test)('who stops reading ends the command quietly', async (t) => {
  for (const arguments_ of ['denoise --help', 'methods', 'methods --json']) {
    const { stdout, stderr } = await shell(`{ ${command} ${arguments_}; echo "status $?" >&2; } | head -n 1`);
    t.is(stdout.split('\n').length, 2);
    t.is(stderr, 'status 0\n');
  }
});

const linux = process.platform === 'linux' ? test : test.skip;

linux('a result that cannot be written is an error', async (t) => {
  for (const arguments_ of ['methods', 'methods --json', '--help', 'inspect none --json']) {
    const { status, stderr } = await shell(`${command} ${arguments_} > /dev/full`);
    t.is(status, 1);
    t.is(stderr, 'error Cannot write the standard output: the disk is full; free some space or choose another disk.\n');
  }
});

linux('a run does not depend on anybody who reads how far it is', (t) =>
  withTemporary(async (folder) => {
    const run = `${command} denoise ${smallRun.join(' ')} --no-baselines`;
    for (const [name, line] of [
      ['full', `${run} --out ${join(folder, 'full')} 2> /dev/full`],
      ['closed', `${run} --out ${join(folder, 'closed')} 2>&1 | true`],
    ] as const) {
      t.is((await shell(line)).status, 0);
      t.true((await readdir(join(folder, name))).includes('report.html'), name);
    }
  }),
);

test('an empty --out is refused, and nothing is written into the current folder', (t) =>
  withTemporary(async (folder) => {
    const { status, stderr } = await shell(`cd ${folder} && node ${main} synthetic --out ""`);
    t.is(status, 1);
    t.regex(stderr, /name of a folder.*INVALID_ARGUMENT/s);
    t.deepEqual(await readdir(folder), []);
  }));

test('a run that cannot begin leaves no folder', (t) =>
  withTemporary(async (folder) => {
    const { stderr } = await shell(`cd ${folder} && node ${main} denoise --data nowhere.csv --label x`);
    t.regex(stderr, /nowhere\.csv/);
    t.deepEqual(await readdir(join(folder, 'runs')), []);
  }));
