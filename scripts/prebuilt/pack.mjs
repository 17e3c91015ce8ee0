// Packs the package as it is published: without an addon of its own, and beside it a package for each platform whose
// addon was built there, as optional dependencies. They are not named in the package.json of a clone, whose
// `npm ci` would look for what is not published yet.
//
//   node scripts/prebuilt/pack.mjs FOLDER linux-x64=build/prebuilt/linux-x64/bilevel.node linux-arm64=...
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');

/** The platforms that there are packages for, as package managers know them. */
const platforms = {
  'linux-x64': { os: ['linux'], cpu: ['x64'], libc: ['glibc'] },
  'linux-arm64': { os: ['linux'], cpu: ['arm64'], libc: ['glibc'] },
  'linuxmusl-x64': { os: ['linux'], cpu: ['x64'], libc: ['musl'] },
  'darwin-arm64': { os: ['darwin'], cpu: ['arm64'] },
  'darwin-x64': { os: ['darwin'], cpu: ['x64'] },
  'win32-x64': { os: ['win32'], cpu: ['x64'] },
};

const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

function npmPack(folder, destination) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', destination];
  const [{ filename }] = JSON.parse(execFileSync('npm', args, { cwd: folder, encoding: 'utf8' }));
  return join(destination, filename);
}

function writeManifest(folder, manifest) {
  writeFileSync(join(folder, 'package.json'), `${JSON.stringify(manifest, undefined, 2)}\n`);
}

/** The licences of what is linked into an addon. */
function copyLicences(folder) {
  copyFileSync(join(root, 'LICENSE'), join(folder, 'LICENSE'));
  for (const name of ['LICENSE', 'THIRD-PARTY-PROGRAMS']) {
    const file = join(root, 'build/prebuilt/onednn/sources', name);
    if (existsSync(file)) copyFileSync(file, join(folder, `oneDNN-${name}`));
  }
}

function packPlatform(platform, addon, work, destination) {
  if (!Object.hasOwn(platforms, platform)) throw new Error(`There is no package for ${platform}.`);
  const folder = join(work, platform);
  mkdirSync(folder);
  writeManifest(folder, {
    name: `@bilevel/${platform}`,
    version: own.version,
    description: `The native addon of the package bilevel for ${platform}.`,
    license: 'MIT AND Apache-2.0 AND BSD-3-Clause',
    author: own.author,
    main: 'bilevel.node',
    files: ['bilevel.node', 'oneDNN-*'],
    engines: own.engines,
    ...platforms[platform],
  });
  writeFileSync(
    join(folder, 'README.md'),
    `The native addon of the package \`bilevel\` for ${platform}, which installs it by itself. oneDNN is inside.\n`,
  );
  copyLicences(folder);
  copyFileSync(resolve(addon), join(folder, 'bilevel.node'));
  return npmPack(folder, destination);
}

function packMain(work, destination) {
  const archive = npmPack(root, work);
  execFileSync('tar', ['xf', archive, '-C', work]);
  const folder = join(work, 'package');
  rmSync(join(folder, 'build'), { recursive: true, force: true });
  const { scripts, devDependencies, ava, ...published } = own;
  writeManifest(folder, {
    ...published,
    scripts: { 'build:native': scripts['build:native'] },
    files: own.files.filter((name) => !name.startsWith('build/')),
    optionalDependencies: Object.fromEntries(Object.keys(platforms).map((name) => [`@bilevel/${name}`, own.version])),
  });
  return npmPack(folder, destination);
}

const [destination, ...addons] = process.argv.slice(2);
if (destination === undefined) throw new Error('Name the folder for the packages, and PLATFORM=FILE for each addon.');
const work = join(resolve(destination), 'work');
rmSync(work, { recursive: true, force: true });
mkdirSync(work, { recursive: true });
for (const each of addons) {
  const [platform, file] = each.split('=');
  console.log(packPlatform(platform, file, work, resolve(destination)));
}
console.log(packMain(work, resolve(destination)));
rmSync(work, { recursive: true });
