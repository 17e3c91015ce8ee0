import { cpSync, mkdirSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { app, program, run, testWithTools, tool, writeFiles } from './support/app.js';

const node = process.execPath;
const plain = writeFiles('plain', { 'program.mjs': program });
const expected = run(plain, node, 'program.mjs');
const askedToLeaveIt = /^NOT_FOUND .*Keep the package external/;

test('without a bundler the program computes', (t) => {
  t.regex(expected, /^1 \d\.\d+\n2 \d\.\d+\n3 \d\.\d+\n$/);
});

for (const format of ['esm', 'cjs']) {
  const output = `bundle.${format === 'esm' ? 'mjs' : 'cjs'}`;
  const esbuild = (folder: string, ...flags: readonly string[]): string => {
    const line = ['program.mjs', '--bundle', '--platform=node', `--format=${format}`, `--outfile=${output}`, ...flags];
    return run(folder, tool('.bin/esbuild'), ...line, '--log-level=error') || run(folder, node, output);
  };

  testWithTools(`esbuild, ${format}: external it computes, inside the bundle it asks to be left out`, (t) => {
    const folder = writeFiles(`esbuild-${format}`, { 'program.mjs': program });
    t.is(esbuild(folder, '--external:bilevel'), expected);
    t.regex(esbuild(folder), askedToLeaveIt);
  });
}

/** Builds by a bundler's function in a process of its own; returns what the bundle prints. */
function build(folder: string, bundler: string, call: string, output: string): string {
  writeFiles(folder, { 'program.mjs': program, 'build.mjs': `import * as bundler from '${tool(bundler)}';\n${call}` });
  return run(join(app, folder), node, 'build.mjs') || run(join(app, folder), node, output);
}

const vite = (folder: string, options: string): string =>
  build(
    folder,
    'vite/dist/node/index.js',
    `await bundler.build({ configFile: false, logLevel: 'error', ...${options} });`,
    'dist/program.mjs',
  );

testWithTools('Vite for a server leaves it out by itself; inside the bundle it asks to be left out', (t) => {
  const entry = `build: { ssr: 'program.mjs' }`;
  t.is(vite('vite-server', `{ ${entry} }`), expected);
  t.is(vite('vite-named', `{ ${entry}, ssr: { external: ['bilevel'] } }`), expected);
  t.regex(vite('vite-inside', `{ ${entry}, ssr: { noExternal: true } }`), askedToLeaveIt);
});

testWithTools('Vite for a library: external it computes', (t) => {
  const external = '[/^bilevel(\\/|$)/, /^node:/]';
  const library = `lib: { entry: 'program.mjs', formats: ['es'], fileName: () => 'program.mjs' }`;
  t.is(vite('vite-library', `{ build: { ${library}, rollupOptions: { external: ${external} } } }`), expected);
});

const webpack = (folder: string, options: string, output: string): string =>
  build(
    folder,
    'webpack/lib/index.js',
    `const compiler = bundler.default({ mode: 'production', target: 'node', entry: './program.mjs', stats: 'none',
      output: { path: import.meta.dirname ?? process.cwd(), filename: '${output}' }, ...${options} });
    compiler.run((error, stats) => { if (error || stats.hasErrors()) console.log(error ?? stats.toString('errors-only')); });`,
    output,
  );

testWithTools('webpack: external it computes', (t) => {
  const external = `{ externals: [/^bilevel(\\/|$)/], externalsType: 'commonjs' }`;
  t.is(webpack('webpack', external, 'bundle.cjs'), expected);
});

testWithTools('webpack, inside the bundle: it computes beside its package, and elsewhere asks to be left out', (t) => {
  // The bundle knows where the package lay, so that is a folder of its own.
  const modules = join(app, 'webpack-inside/node_modules');
  mkdirSync(modules, { recursive: true });
  for (const name of readdirSync(join(app, 'node_modules'))) {
    if (name !== 'bilevel' && !name.startsWith('.')) symlinkSync(join(app, 'node_modules', name), join(modules, name));
  }
  cpSync(join(app, 'node_modules/bilevel'), join(modules, 'bilevel'), { recursive: true });
  t.is(webpack('webpack-inside', '{}', 'bundle.cjs'), expected);
  renameSync(modules, `${modules}-moved`);
  t.regex(run(join(app, 'webpack-inside'), node, 'bundle.cjs'), askedToLeaveIt);
});
