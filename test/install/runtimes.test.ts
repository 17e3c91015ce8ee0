import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { app, readmeProgram, run, testWithTools, tool, writeFiles } from './support/app.js';

const folder = writeFiles('runtimes', {
  'readme.mjs': readmeProgram(),
  'require.cjs': `const { Tensor } = require('bilevel');
    const { Device } = require('bilevel/engine');
    console.log(Tensor.zeros([2]).shape, Device.cpu({ threads: 1 }).info().kind);`,
});
copyFileSync(join(app, 'node_modules/bilevel/models/logreg.onnx'), join(folder, 'classifier.onnx'));
const expected = run(folder, process.execPath, 'readme.mjs');
const required = '[ 2 ] cpu\n';

test(`the README's example runs on the Node of this machine, ${process.version}`, (t) => {
  const lines = expected.trimEnd().split('\n');
  t.is(lines.length, 21, expected);
  t.true(lines.slice(0, -1).every((line) => line.split(' ').slice(0, 2).map(Number).every(Number.isFinite)));
  t.is(run(folder, process.execPath, 'require.cjs'), required);
});

for (const name of ['node22', 'node24', 'node26']) {
  testWithTools(`${name}: the README's example has equal results, and CommonJS may require the package`, (t) => {
    t.is(run(folder, tool(`${name}/bin/node`), 'readme.mjs'), expected);
    t.is(run(folder, tool(`${name}/bin/node`), 'require.cjs'), required);
  });
}

testWithTools("Bun: the README's example has equal results, and CommonJS may require the package", (t) => {
  const bun = tool('@oven/bun-linux-x64/bin/bun');
  t.is(run(folder, bun, 'readme.mjs'), expected);
  t.is(run(folder, bun, 'require.cjs').replaceAll(/\s+/g, ' ').trim(), required.trim());
});

testWithTools("Deno: the README's example has equal results", (t) => {
  t.is(run(folder, tool('@deno/linux-x64-glibc/deno'), 'run', '--allow-all', 'readme.mjs'), expected);
});
