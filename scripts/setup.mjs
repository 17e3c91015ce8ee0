// Brings a fresh clone to a state where the package runs: system packages, npm packages, native addon, TypeScript.
// Does what is missing and nothing else. Runs before `npm ci`, so it uses nothing but Node.

import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const nodeFloor = [20, 19];
const warningsAsErrors = process.env.BILEVEL_WERROR === 'ON';

function fail(...lines) {
  for (const line of lines) console.error(line);
  process.exit(1);
}

/** Runs a command quietly; its output is returned, so that it is shown only when it matters. */
function attempt(command, args, env = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 28,
    shell: process.platform === 'win32' && command === 'npm',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ? `${result.error.message}\n` : ''}`;
  return { ok: result.status === 0, output };
}

function run(command, args, env) {
  const { ok, output } = attempt(command, args, env);
  if (!ok) {
    process.stderr.write(output);
    fail(`This failed: ${[command, ...args].join(' ')}`);
  }
}

// --- System packages
// ---------------------------------------------------------------------------------------------------

function onPath(program) {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return (process.env.PATH ?? '').split(delimiter).some((folder) =>
    names.some((name) => {
      try {
        accessSync(join(folder, name), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
  );
}

function hasHeader(name) {
  const prefixes = (process.env.CMAKE_PREFIX_PATH ?? '').split(delimiter).filter(Boolean);
  const folders = ['/usr', '/usr/local', '/opt/homebrew', ...prefixes].map((prefix) => join(prefix, 'include'));
  return folders.some((folder) => existsSync(join(folder, name)));
}

/** What the native build needs, by the name of its Debian package. */
const systemPackages = {
  'g++': () => ['g++', 'c++', 'clang++'].some(onPath),
  make: () => onPath('make') || onPath('ninja'),
  cmake: () => onPath('cmake'),
  'libdnnl-dev': () => hasHeader('dnnl.hpp'),
};

function missingSystemPackages() {
  return Object.keys(systemPackages).filter((name) => !systemPackages[name]());
}

function installSystemPackages() {
  const missing = missingSystemPackages();
  if (missing.length === 0) return;
  const update = ['apt-get', 'update'];
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...missing];
  const isRoot = process.getuid?.() === 0;
  const shown = (command) => [...(isRoot ? [] : ['sudo']), ...command].join(' ');
  const byHand = [
    `bilevel needs these system packages: ${missing.join(', ')}. Type this, then try again:`,
    `  ${shown(update)} && ${shown(install)}`,
  ];
  if (!onPath('apt-get')) {
    byHand.push('Where there is no apt-get: a C++20 compiler, make, CMake 3.22 or newer, and oneDNN with its headers.');
    fail(...byHand);
  }
  if (!isRoot && !attempt('sudo', ['-n', 'true']).ok) fail(...byHand);
  const privileged = (command) => {
    const [program, ...args] = isRoot ? command : ['sudo', '-n', ...command];
    return attempt(program, args, { DEBIAN_FRONTEND: 'noninteractive' });
  };

  console.log(`setup: installing system packages: ${missing.join(', ')}`);
  let result = privileged(install);
  if (!result.ok) {
    console.log('setup: updating the package lists, which are missing or out of date');
    privileged(update);
    result = privileged(install);
  }
  if (!result.ok || missingSystemPackages().length > 0) {
    process.stderr.write(result.output);
    fail(...byHand);
  }
}

// --- Builds
// ------------------------------------------------------------------------------------------------------------

function filesUnder(path, extensions) {
  return readdirSync(join(root, path), { recursive: true })
    .filter((name) => extensions.some((extension) => name.endsWith(extension)))
    .map((name) => join(path, name))
    .sort();
}

function fingerprint(files, settings) {
  const hash = createHash('sha256').update(JSON.stringify([process.platform, process.arch, settings]));
  for (const file of files) hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

/**
 * Runs `build` unless `output` was built from the same inputs. The stamp lies beside the output, so removing the
 * output's folder removes the stamp too, and it is taken before the build: an edit during the build counts as a change.
 */
function upToDate({ message, inputs, settings, output, stamp, build }) {
  const current = fingerprint(inputs, settings);
  const stampFile = join(root, stamp);
  const built = existsSync(join(root, output)) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === current;
  if (built) return;
  console.log(`setup: ${message}`);
  build();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, current);
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > nodeFloor[0] || (major === nodeFloor[0] && minor >= nodeFloor[1])) return;
  fail(
    `bilevel needs Node.js ${nodeFloor.join('.')} or newer; this is ${process.versions.node}. See https://nodejs.org.`,
  );
}

checkNode();
const hasMpi = onPath('mpicxx');

upToDate({
  message: 'installing npm packages',
  inputs: ['package-lock.json'],
  output: 'node_modules/.package-lock.json',
  stamp: 'node_modules/.bilevel-setup',
  // No package needs its install script here; that of onnxruntime-node would fetch CUDA libraries.
  build: () => run('npm', ['ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']),
});

upToDate({
  message: `compiling the native addon${hasMpi ? ' with MPI' : ', without MPI, which only mpirun needs'} (a minute or two)`,
  inputs: ['CMakeLists.txt', ...filesUnder('native', ['.cpp', '.h', '.inc', '.cuh'])],
  // Where MPI comes later, what needs it is built then.
  settings: { warningsAsErrors, hasMpi },
  output: 'build/Release/bilevel.node',
  stamp: 'build/.bilevel-setup',
  build: () => {
    installSystemPackages();
    const cmakeJs = join(root, 'node_modules/cmake-js/bin/cmake-js');
    run(process.execPath, [cmakeJs, 'configure', `--CDBILEVEL_WERROR=${warningsAsErrors ? 'ON' : 'OFF'}`]);
    run(process.execPath, [cmakeJs, 'build', '--parallel', String(availableParallelism())]);
  },
});

upToDate({
  message: 'compiling TypeScript',
  inputs: ['tsconfig.json', 'package.json', ...filesUnder('lib', ['.ts']), ...filesUnder('test', ['.ts'])],
  output: 'dist/lib',
  stamp: 'dist/.bilevel-setup',
  build: () => {
    run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc')]);
    // So that npx finds a program in a clone: npm does this only where it installs the package.
    chmodSync(join(root, 'dist/lib/cli/main.js'), 0o755);
  },
});
