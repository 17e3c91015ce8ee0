import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BilevelError, isError } from '../errors.js';
import { ownFolder } from '../package-root.js';
import { platformName } from './platform.js';

/** A file that was tried, and what came of it. */
export interface Attempt {
  readonly file: string;
  readonly error: unknown;
}

/** The DEVICE_UNAVAILABLE for an addon that could not be loaded: what was tried, why it failed, and what to do. */
export function addonError(attempts: readonly Attempt[]): BilevelError {
  // What a file that is there says tells more than that another one is not there.
  const attempt = attempts.find(({ file }) => exists(file)) ?? (attempts.at(-1) as Attempt);
  const system = `${platformName()}, Node ${process.versions.node}`;
  return new BilevelError(
    'DEVICE_UNAVAILABLE',
    `Cannot load the native addon ${attempt.file} (${system}): ${advice(attempt)}`,
    { cause: attempt.error },
  );
}

/** Whether a file is there, as far as this process may look. */
export function exists(file: string): boolean {
  try {
    return existsSync(file);
  } catch {
    // Node's permission model forbids to look.
    return false;
  }
}

/** Causes by what the loaders of the systems say, and what to do about them. */
const causes: readonly [said: RegExp, todo: (match: RegExpExecArray) => string][] = [
  [
    /([\w.+-]+): cannot open shared object file/,
    ([, library = '']) =>
      `the system library ${library} is not installed. ` +
      (library.startsWith('libdnnl') ? 'That is oneDNN: ' : '') +
      `install it${debianPackage(library)}, or build the addon for this system: ${buildAdvice()}`,
  ],
  [
    /version [`'](\S+)' not found/,
    ([, version = '']) => `this system's libraries are too old: they lack ${version}. Build it here: ${buildAdvice()}`,
  ],
  [
    /Error loading shared library|Error relocating/,
    () => `it was built for glibc, and this system has musl. Install the package for musl, or ${buildAdvice()}`,
  ],
  [
    /invalid ELF header|wrong ELF class|incompatible architecture|not a mach-o file|not a valid Win32 application/i,
    () =>
      'it was built for another system. A folder node_modules cannot be taken to another one: install the packages ' +
      `there, or ${buildAdvice()}`,
  ],
];

function advice({ file, error }: Attempt): string {
  const said = isError(error) ? error.message : String(error);
  if (isError(error) && 'code' in error && error.code === 'ERR_DLOPEN_DISABLED') return forbiddenAdvice();
  if (!exists(file)) return missingAdvice();
  for (const [pattern, todo] of causes) {
    const match = pattern.exec(said);
    if (match !== null) return todo(match);
  }
  return `${said}. To build it for this system, ${buildAdvice()}`;
}

function forbiddenAdvice(): string {
  if (process.permission === undefined) return 'Node was started with --no-addons, which forbids it. Leave that away.';
  const [major = 0] = process.versions.node.split('.').map(Number);
  const flag = major < 22 ? '--experimental-permission' : '--permission';
  return (
    `Node's permission model forbids native addons. Beside ${flag} it needs --allow-addons for the engine, ` +
    `--allow-worker for the thread that compiles, and --allow-fs-read=${join(ownFolder ?? '.', '*')}; ` +
    'and --allow-fs-read and --allow-fs-write for the files that it shall read and write.'
  );
}

function missingAdvice(): string {
  if (process.env.BILEVEL_ADDON) return 'there is no such file. BILEVEL_ADDON has to name a bilevel.node.';
  const published = publishedPackages();
  const name = `@bilevel/${platformName()}`;
  if (Object.hasOwn(published, name)) {
    return (
      `the package ${name} is not installed, which holds it for this system: optional dependencies were ` +
      `left out, or a lock file or a folder node_modules comes from another system. Type \`npm install ` +
      `${name}@${published[name]}\`, or ${buildAdvice()}`
    );
  }
  const known = Object.keys(published).map((each) => each.replace('@bilevel/', ''));
  const none =
    known.length > 0 ? `there are binaries for ${known.join(', ')} alone. To build` : 'there is no such file. To build';
  return `${none} it for this system, ${buildAdvice()}`;
}

/** The packages with binaries that this package names, with their versions; none in a clone. */
function publishedPackages(): Record<string, string> {
  try {
    const text = readFileSync(join(ownFolder ?? '', 'package.json'), 'utf8');
    return (JSON.parse(text) as { optionalDependencies?: Record<string, string> }).optionalDependencies ?? {};
  } catch {
    return {};
  }
}

function buildAdvice(): string {
  return (
    'install a C++20 compiler, CMake and oneDNN, on Debian or Ubuntu with `sudo apt-get install g++ make cmake ' +
    `libdnnl-dev\`, and run \`npm run build:native\` in the folder ${ownFolder ?? 'of the package'}.`
  );
}

/** Debian's package of a shared library, by Debian's rule for their names. */
function debianPackage(library: string): string {
  const match = /^(lib.+)\.so\.([\d.]+)$/.exec(library);
  if (match === null) return '';
  const [, stem = '', version = ''] = match;
  return ` (on Debian or Ubuntu that has it, \`sudo apt-get install ${stem}${/\d$/.test(stem) ? '-' : ''}${version}\`)`;
}
