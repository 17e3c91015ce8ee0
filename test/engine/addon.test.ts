import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { addonError } from '../../lib/engine/addon-error.js';
import { packageRoot } from '../../lib/package-root.js';

const compiled = fileURLToPath(new URL('../../lib/', import.meta.url));
const addon = join(packageRoot(), 'build/Release/bilevel.node');
const platform = `@bilevel/${process.platform}-${process.arch}`;
const [major = 0] = process.versions.node.split('.').map(Number);

/** A copy of the package without its addon, in the node_modules of an app. */
function install(t: ExecutionContext, manifest: object = {}) {
  const app = mkdtempSync(join(tmpdir(), 'bilevel-addon-'));
  t.teardown(() => rmSync(app, { recursive: true }));
  const write = (name: string, text: string) => {
    mkdirSync(dirname(join(app, name)), { recursive: true });
    writeFileSync(join(app, name), text);
  };
  const root = join(app, 'node_modules/bilevel');
  // The engine imports nothing of other rooms.
  cpSync(join(compiled, 'engine'), join(root, 'dist/lib/engine'), { recursive: true });
  for (const name of readdirSync(compiled)) {
    if (name.endsWith('.js')) cpSync(join(compiled, name), join(root, 'dist/lib', name));
  }
  write('node_modules/bilevel/package.json', JSON.stringify({ name: 'bilevel', type: 'module', ...manifest }));
  const start = (flags: readonly string[], env: object) => {
    const options = { cwd: app, encoding: 'utf8', env: { ...process.env, BILEVEL_ADDON: '', ...env } } as const;
    return spawnSync(process.execPath, [...flags, 'main.mjs'], options);
  };
  return {
    app,
    root,
    write,
    /** Puts a package of this platform beside it, whose addon is a file or some text. */
    addPlatform(file: { copyOf: string } | { text: string }) {
      const folder = join('node_modules', platform);
      write(join(folder, 'package.json'), JSON.stringify({ name: platform, version: '1.2.3', main: 'bilevel.node' }));
      if ('text' in file) write(join(folder, 'bilevel.node'), file.text);
      else cpSync(file.copyOf, join(app, folder, 'bilevel.node'));
    },
    /** Makes a device in a process of its own; returns 'made', or the code and message of the error. */
    makeDevice({ env = {}, flags = [] as readonly string[], entry = join(root, 'dist/lib/engine/index.js') } = {}) {
      write(
        'main.mjs',
        `import { Device } from ${JSON.stringify(pathToFileURL(entry).href)};
        try { Device.cpu({ threads: 1 }); console.log('made'); } catch (error) { console.log(error.code, error.message); }`,
      );
      const { stdout, stderr } = start(flags, env);
      return stdout.trim() || stderr;
    },
    /** What a program that imports the package twice says to its users, and how it ends. */
    warn({ env = {}, first = '', entry = join(root, 'dist/lib/engine/index.js') } = {}) {
      write(
        'main.mjs',
        `${first}
        const { warnWithoutAddon } = await import(${JSON.stringify(pathToFileURL(entry).href)});
        warnWithoutAddon();
        warnWithoutAddon();`,
      );
      const { status, stderr } = start([], env);
      return { status, warnings: stderr.match(/^.*Warning.*$/gm) ?? [] };
    },
  };
}

test('a package without its addon says how to build it, and where', (t) => {
  const { root, makeDevice } = install(t);
  const said = makeDevice();
  t.true(
    said.startsWith(`DEVICE_UNAVAILABLE Cannot load the native addon ${join(root, 'build/Release/bilevel.node')}`),
  );
  t.true(said.includes(`libdnnl-dev\`, and run \`npm run build:native\` in the folder ${root}.`), said);
});

test('the package of the platform comes first, then what was built in the folder of the package', (t) => {
  const { root, addPlatform, makeDevice } = install(t);
  cpSync(addon, join(root, 'build/Release/bilevel.node'));
  t.is(makeDevice(), 'made');
  addPlatform({ text: 'not an addon'.repeat(99) });
  t.is(makeDevice(), 'made', 'one that cannot be loaded is passed over');
  rmSync(join(root, 'build'), { recursive: true });
  t.regex(makeDevice(), /^DEVICE_UNAVAILABLE .*linux.*bilevel\.node.*built for another system/);
  addPlatform({ copyOf: addon });
  t.is(makeDevice(), 'made');
});

test('a package for the platform that was left out, or that there is none of, is told', (t) => {
  const missing = install(t, { optionalDependencies: { [platform]: '1.2.3' } });
  t.true(missing.makeDevice().includes(`Type \`npm install ${platform}@1.2.3\``));
  const others = install(t, { optionalDependencies: { '@bilevel/plan9-mips': '1.2.3', '@bilevel/beos-x64': '1.2.3' } });
  t.regex(
    others.makeDevice(),
    /there are binaries for plan9-mips, beos-x64 alone\. To build it .*npm run build:native/,
  );
});

test('a program that finds no addon is warned once, and goes on', (t) => {
  const { app, root, addPlatform, warn } = install(t, { optionalDependencies: { [platform]: '1.2.3' } });
  const { status, warnings } = warn();
  t.is(status, 0);
  t.is(warnings.length, 1);
  t.regex(
    warnings[0] ?? '',
    /\[BILEVEL_NO_ADDON\] BilevelWarning: No device can be made\. Cannot load the native addon/,
  );
  t.true(warnings[0]?.includes(`Type \`npm install ${platform}@1.2.3\``), warnings[0]);
  t.regex(
    warn({ env: { BILEVEL_ADDON: 'nowhere.node' } }).warnings[0] ?? '',
    /nowhere\.node .*BILEVEL_ADDON has to name/,
  );
  cpSync(join(root, 'dist'), join(app, 'bundle'), { recursive: true });
  const bundled = warn({ entry: join(app, 'bundle/lib/engine/index.js') });
  t.deepEqual(bundled, { status: 0, warnings: [] }, 'where the package lies is not known');
  addPlatform({ copyOf: addon });
  t.deepEqual(warn(), { status: 0, warnings: [] });
});

test('the warning names a platform without a package, and the C library of Linux', (t) => {
  const { warn } = install(t, { optionalDependencies: { '@bilevel/linux-x64': '1.2.3' } });
  const be = (os: string, cpu: string) => `
    process.report.getReport = () => ({ header: {} });
    Object.defineProperty(process, 'platform', { value: '${os}' });
    Object.defineProperty(process, 'arch', { value: '${cpu}' });`;
  const names = [
    ['linux', 'ppc64', 'linuxmusl-ppc64'],
    ['linux', 'x64', 'linuxmusl-x64'],
    ['freebsd', 'x64', 'freebsd-x64'],
  ] as const;
  for (const [os, cpu, name] of names) {
    const [warning = ''] = warn({ first: be(os, cpu) }).warnings;
    t.true(warning.includes(`(${name}, Node `), warning);
    t.regex(
      warning,
      /there are binaries for linux-x64 alone\. To build it .*apt-get install g\+\+ .*npm run build:native/,
    );
  }
});

test('BILEVEL_ADDON names the file, and no other one is taken then', (t) => {
  const { app, root, makeDevice } = install(t);
  t.is(makeDevice({ env: { BILEVEL_ADDON: relative(app, addon) } }), 'made');
  cpSync(addon, join(root, 'build/Release/bilevel.node'));
  const said = makeDevice({ env: { BILEVEL_ADDON: 'nowhere.node' } });
  t.true(said.startsWith(`DEVICE_UNAVAILABLE Cannot load the native addon ${join(app, 'nowhere.node')}`), said);
  t.regex(said, /there is no such file\. BILEVEL_ADDON has to name/);
});

test("Node's permission model and --no-addons are told apart, and the flags that are named suffice", (t) => {
  const { app, root, makeDevice } = install(t);
  cpSync(addon, join(root, 'build/Release/bilevel.node'));
  t.regex(makeDevice({ flags: ['--no-addons'] }), /^DEVICE_UNAVAILABLE .*started with --no-addons/);
  const reading = [major < 22 ? '--experimental-permission' : '--permission', `--allow-fs-read=${join(app, '*')}`];
  const said = makeDevice({ flags: reading });
  t.regex(said, /^DEVICE_UNAVAILABLE .*permission model forbids native addons/);
  t.notRegex(said, /oneDNN|libdnnl/);
  const named = said.match(/--allow-(addons|worker)/g) ?? [];
  t.deepEqual(named, ['--allow-addons', '--allow-worker']);
  t.true(said.includes(`--allow-fs-read=${join(root, '*')}`), said);
  t.is(makeDevice({ flags: [...reading, ...named] }), 'made');
});

test('code that was taken out of its package guesses no folder, and says how to leave it there', (t) => {
  const { app, root, write, makeDevice } = install(t);
  cpSync(addon, join(app, 'build/Release/bilevel.node'));
  write('package.json', '{ "name": "bilevel", "type": "module" }');
  cpSync(join(root, 'dist/lib'), join(app, 'bundle'), { recursive: true });
  const said = makeDevice({ entry: join(app, 'bundle/engine/index.js') });
  t.regex(said, /^NOT_FOUND .*Keep the package external.*esbuild `--external:bilevel`.*Vite.*webpack.*Next\.js/);
  write('node_modules/bilevel/package.json', '{ "name": "other", "type": "module" }');
  t.regex(makeDevice(), /^NOT_FOUND .*Keep the package external/);
});

const said: readonly [title: string, message: string, expected: RegExp][] = [
  [
    'oneDNN is missing',
    'libdnnl.so.2: cannot open shared object file: No such file or directory',
    /system library libdnnl\.so\.2 is not installed\. That is oneDNN: .*apt-get install libdnnl2`/,
  ],
  [
    'another library is missing',
    'libgomp.so.1: cannot open shared object file: No such file or directory',
    /system library libgomp\.so\.1 is not installed\. install it \(.*`sudo apt-get install libgomp1`/,
  ],
  [
    'the system is too old',
    "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.34' not found (required by bilevel.node)",
    /too old: they lack GLIBC_2\.34\. Build it here/,
  ],
  [
    'the system has musl',
    'Error loading shared library ld-linux-x86-64.so.2: No such file or directory (needed by bilevel.node)',
    /built for glibc, and this system has musl/,
  ],
  ['nothing is known of it', 'the moon is full', /the moon is full\. To build it for this system, install a C\+\+20/],
];
for (const [title, message, expected] of said) {
  test(`the message says what to do where ${title}`, (t) => {
    const cause = new Error(message);
    const error = addonError([{ file: addon, error: cause }]);
    t.is(error.code, 'DEVICE_UNAVAILABLE');
    t.regex(error.message, expected);
    t.is(error.cause, cause);
  });
}

test('the folder of the package is the one with its package.json', (t) => {
  t.is(JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')).name, 'bilevel');
});
