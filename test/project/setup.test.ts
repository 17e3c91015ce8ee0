import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';

const script = fileURLToPath(new URL('../../../scripts/setup.mjs', import.meta.url));
const compilers = ['g++', 'make', 'cmake'];

/** A small clone with stand-ins for every program that the set-up calls; they write down that they were called. */
function makeClone(t: ExecutionContext, tools: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), 'bilevel-setup-'));
  t.teardown(() => rmSync(root, { recursive: true }));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  const log = join(root, 'calls.log');
  const header = `import fs from 'node:fs';\nconst args = process.argv.slice(2).join(' ');\n`;
  const note = (name: string) => `${header}fs.appendFileSync(${JSON.stringify(log)}, \`${name} \${args}\\n\`);\n`;
  const addTool = (name: string, body: string) => {
    write(`tools/${name}.mjs`, note(name) + body);
    write(`bin/${name}`, `#!/bin/sh\nexec '${process.execPath}' '${root}/tools/${name}.mjs' "$@"\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  };

  mkdirSync(join(root, 'scripts'));
  cpSync(script, join(root, 'scripts/setup.mjs'));
  for (const name of ['package.json', 'package-lock.json', 'tsconfig.json']) write(name, '{}');
  for (const name of ['CMakeLists.txt', 'native/engine.cpp', 'lib/index.ts', 'test/some.test.ts']) write(name, 'first');
  write('oneDNN/include/dnnl.hpp', '');
  write(
    'stand-ins/cmake-js',
    `${note('cmake-js')}fs.mkdirSync('build/Release', { recursive: true });
    fs.writeFileSync('build/Release/bilevel.node', '');`,
  );
  write(
    'stand-ins/tsc',
    `${note('tsc')}fs.mkdirSync('dist/lib/cli', { recursive: true }); fs.writeFileSync('dist/lib/cli/main.js', '');`,
  );
  for (const name of ['cmake-js', 'tsc']) write(`stand-ins/package.json`, `{ "type": "module", "name": "${name}" }`);
  addTool(
    'npm',
    `fs.cpSync('stand-ins', 'node_modules/cmake-js/bin', { recursive: true });
    fs.cpSync('stand-ins', 'node_modules/typescript/bin', { recursive: true });
    fs.writeFileSync('node_modules/.package-lock.json', '{}');`,
  );
  for (const [name, body] of Object.entries(tools)) addTool(name, body);

  return {
    write,
    has: (name: string) => existsSync(join(root, name)),
    mode: (name: string) => statSync(join(root, name)).mode & 0o777,
    openToAll: () => chmodSync(root, 0o777),
    /** Runs the set-up, as `uid` when given; `calls` are the programs that it called. */
    setup(uid = process.getuid?.()) {
      rmSync(log, { force: true });
      const env = { PATH: join(root, 'bin'), CMAKE_PREFIX_PATH: join(root, 'oneDNN') };
      const result = spawnSync(process.execPath, ['scripts/setup.mjs'], {
        cwd: root,
        env,
        encoding: 'utf8',
        ...(uid !== undefined && { uid }),
      });
      const calls = existsSync(log) ? readFileSync(log, 'utf8').trimEnd().split('\n') : [];
      return { status: result.status, stdout: result.stdout, stderr: result.stderr, calls };
    },
  };
}

const installed = Object.fromEntries(compilers.map((name) => [name, '']));
const programs = (calls: readonly string[]) => calls.map((call) => call.split(' ').slice(0, 2).join(' ').trim());

test('a fresh clone is set up in order, and a second time nothing is done', (t) => {
  const clone = makeClone(t, installed);
  const first = clone.setup();
  t.is(first.status, 0, first.stderr);
  t.deepEqual(programs(first.calls), ['npm ci', 'cmake-js configure', 'cmake-js build', 'tsc']);
  t.is(first.stdout.trimEnd().split('\n').length, 3, 'one line for each thing done');
  t.is(clone.mode('dist/lib/cli/main.js'), 0o755, 'npx starts it as a program');
  t.deepEqual(clone.setup(), { status: 0, stdout: '', stderr: '', calls: [] });
});

const changes: readonly [file: string, expected: readonly string[]][] = [
  ['package-lock.json', ['npm ci']],
  ['native/engine.cpp', ['cmake-js configure', 'cmake-js build']],
  ['native/added.h', ['cmake-js configure', 'cmake-js build']],
  ['lib/index.ts', ['tsc']],
  ['test/added.test.ts', ['tsc']],
];
for (const [file, expected] of changes) {
  test(`after a change of ${file} only what depends on it is done`, (t) => {
    const clone = makeClone(t, installed);
    clone.setup();
    clone.write(file, 'second');
    t.deepEqual(programs(clone.setup().calls), expected);
  });
}

test('a build that failed is tried again, and its output is shown', (t) => {
  const clone = makeClone(t, installed);
  clone.setup();
  clone.write('lib/index.ts', 'second');
  clone.write('node_modules/typescript/bin/tsc', `console.log('lib/index.ts: wrong'); process.exit(2);`);
  for (let time = 0; time < 2; time++) {
    const { status, stderr } = clone.setup();
    t.is(status, 1);
    t.regex(stderr, /lib\/index\.ts: wrong.*This failed: .*tsc/s);
  }
});

test('without apt-get it says what to type', (t) => {
  const { status, stderr, calls } = makeClone(t, {}).setup();
  t.is(status, 1);
  t.regex(stderr, /apt-get update && .*apt-get install -y --no-install-recommends g\+\+ make cmake\n/);
  t.deepEqual(programs(calls), ['npm ci']);
});

const sudo = `import { spawnSync } from 'node:child_process';
  const [, command, ...rest] = process.argv.slice(2);
  process.exit(command === 'true' ? 0 : spawnSync(command, rest, { stdio: 'inherit' }).status);`;
const aptGet = `if (args === 'update') fs.writeFileSync('lists', '');
  else if (!fs.existsSync('lists')) process.exit(100);
  else for (const name of args.split(' ').slice(3)) fs.cpSync('bin/npm', 'bin/' + name);`;

test('missing system packages are installed; the lists are updated only because the first attempt failed', (t) => {
  const clone = makeClone(t, { 'apt-get': aptGet, sudo });
  const { status, stderr, calls } = clone.setup();
  t.is(status, 0, stderr);
  t.deepEqual(
    programs(calls).filter((call) => call.startsWith('apt-get')),
    ['apt-get install', 'apt-get update', 'apt-get install'],
  );
  t.true(compilers.every((name) => clone.has(`bin/${name}`)));
});

test('an installation that fails shows its output and what to type', (t) => {
  const clone = makeClone(t, { 'apt-get': `console.error('no route to host'); process.exit(100);`, sudo });
  const { status, stderr } = clone.setup();
  t.is(status, 1);
  t.regex(stderr, /no route to host.*Type this/s);
});

// A superuser becomes nobody for this one, which takes a Node that everybody may execute.
const nobody = process.getuid?.() === 0 ? 65534 : undefined;
const canBeNobody = nobody === undefined || !process.execPath.startsWith(homedir());
(canBeNobody ? test : test.skip)('where sudo asks for a password it says what to type', (t) => {
  const clone = makeClone(t, { 'apt-get': aptGet, sudo: 'process.exit(1);' });
  clone.openToAll();
  const { status, stderr, calls } = clone.setup(nobody);
  t.is(status, 1);
  t.regex(stderr, /sudo apt-get update && sudo apt-get install/);
  t.false(calls.some((call) => call.startsWith('apt-get')));
});
