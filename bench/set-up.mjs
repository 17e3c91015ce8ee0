// Brings in the packages to compare with.
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('./', import.meta.url));
const require = createRequire(import.meta.url);

function run(program, args, cwd, env = {}) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
  return { ok: status === 0, output: stdout?.trim() ?? '', errors: stderr ?? '' };
}

/** Installs the packages of package-lock.json unless those that are there are of the same file. */
export async function installPackages() {
  const [wanted, installed] = ['package-lock.json', 'node_modules/.installed.json'].map((name) =>
    path.join(folder, name),
  );
  const read = (file) => readFile(file, 'utf8').catch(() => undefined);
  if ((await read(wanted)) === (await read(installed))) return;
  console.error('Installing the packages to compare with');
  const { ok, errors } = run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], folder);
  if (!ok) throw new Error(`npm ci in bench/ failed:\n${errors}`);
  await copyFile(wanted, installed);
}

/** The folder of the package tensorflow of this Python, if it has one. */
function tensorflowOf(python) {
  const code = "import importlib.util as u; print(u.find_spec('tensorflow').submodule_search_locations[0])";
  const { ok, output } = run(python, ['-c', code], folder);
  return ok ? output : undefined;
}

/**
 * Builds the addon of tfjs-node, once, from the sources in its package and the library in Python's package tensorflow,
 * which has the same C interface as the one that tfjs-node would download when it is installed.
 */
export async function buildTfjsNode(python) {
  const works = () => run(process.execPath, ['-e', "require('@tensorflow/tfjs-node')"], folder).ok;
  const tensorflow = tensorflowOf(python);
  if (tensorflow === undefined || works()) return;
  console.error('Building tfjs-node');
  const home = path.dirname(require.resolve('@tensorflow/tfjs-node/package.json'));
  const deps = path.join(home, 'deps');
  await rm(deps, { recursive: true, force: true });
  await mkdir(path.join(deps, 'lib'), { recursive: true });
  const links = {
    include: path.join(tensorflow, 'include'),
    'lib/libtensorflow_cc.so.2': path.join(tensorflow, 'libtensorflow_cc.so.2'),
    'lib/libtensorflow_framework.so.2': path.join(tensorflow, 'libtensorflow_framework.so.2'),
    'lib/libtensorflow.so': 'libtensorflow_cc.so.2',
    'lib/libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  };
  for (const [name, target] of Object.entries(links)) await symlink(target, path.join(deps, name));
  // The headers that lie beside this Node are taken where there are any, in place of downloaded ones.
  const headers = path.dirname(path.dirname(process.execPath));
  const beside = await stat(path.join(headers, 'include/node/node_api.h')).catch(() => undefined);
  const args = ['--no-install', 'node-pre-gyp', 'install', '--build-from-source'];
  const { errors } = run('npx', args, home, beside ? { npm_config_nodedir: headers } : {});
  if (!works()) console.error(`tfjs-node could not be built:\n${errors.slice(-1000)}`);
}
