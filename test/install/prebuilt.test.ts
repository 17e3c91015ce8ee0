import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import test from 'ava';
import { program, run, writeFiles } from './support/app.js';

const platform = `${process.platform}-${process.arch}`;
const canPack = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64'].includes(platform);

(canPack ? test : test.skip)('as it is published, the package takes the addon of the package for its platform', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bilevel-packed-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  // The addon of this clone stands in for one without system libraries.
  const pack = ['scripts/prebuilt/pack.mjs', folder, `${platform}=build/Release/bilevel.node`];
  const packed = execFileSync(process.execPath, pack, { encoding: 'utf8' }).trim().split('\n');
  t.deepEqual(
    packed.map((file) => basename(file)).toSorted(),
    [`bilevel-${platform}-0.1.0.tgz`, 'bilevel-0.1.0.tgz'].toSorted(),
  );
  const app = writeFiles('published', { 'package.json': '{ "private": true }', 'program.mjs': program });
  // Packages for other platforms are not there, which an optional dependency may be.
  execFileSync(
    'npm',
    ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--omit=peer', ...packed],
    { cwd: app },
  );
  const own = join(app, 'node_modules/bilevel');
  t.false(existsSync(join(own, 'build')));
  t.is(
    JSON.parse(readFileSync(join(own, 'package.json'), 'utf8')).optionalDependencies[`@bilevel/${platform}`],
    '0.1.0',
  );
  t.regex(run(app, process.execPath, 'program.mjs'), /^1 \d\.\d+\n2 \d\.\d+\n3 \d\.\d+\n$/);
  rmSync(join(app, 'node_modules/@bilevel'), { recursive: true });
  const said = run(app, process.execPath, 'program.mjs');
  t.true(said.includes(`npm install @bilevel/${platform}@0.1.0`), said);
  const warned = (entry: string) => {
    const args = ['--input-type=module', '--eval', `import '${entry}'`];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: app, encoding: 'utf8' });
    t.is(status, 0, stderr);
    return stderr.match(/\[\w+\] BilevelWarning: .* in the folder .*/)?.[0] ?? stderr;
  };
  for (const entry of ['bilevel', 'bilevel/engine', 'bilevel/tasks']) {
    t.true(warned(entry).includes(`npm install @bilevel/${platform}@0.1.0`), entry);
  }
  for (const entry of ['bilevel/graph', 'bilevel/data', 'bilevel/tfjs']) t.is(warned(entry), '', entry);
});
