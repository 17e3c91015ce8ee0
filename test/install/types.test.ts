import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import test from 'ava';
import { app, run, writeFiles } from './support/app.js';

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');

/** Uses every entry, and a type of a problem's own; the line that must be refused shows that types are there at all. */
const source = `
import { bilevelProblem, minimize, Tensor, type Network } from 'bilevel';
import { reduceSum, square, sub } from 'bilevel/graph';
import { Device } from 'bilevel/engine';
import { Random } from 'bilevel/data';

const problem = bilevelProblem({
  upper: { u: Tensor.zeros([3]) },
  lower: { v: Tensor.zeros([3]) },
  f: ({ v }) => reduceSum(square(v.v)),
  g: ({ u, v }) => reduceSum(square(sub(u.u, v.v))),
});
export const inputs = (network: Network) => network.inputs;
export const things = [problem, minimize, Device.cpu, Random.fromSeed(1, 'types')];
// @ts-expect-error
bilevelProblem(5);
`;

const settings: Readonly<Record<string, object>> = {
  node16: { module: 'node16', moduleResolution: 'node16' },
  nodenext: { module: 'nodenext', moduleResolution: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
};

for (const [name, options] of Object.entries(settings)) {
  for (const type of name === 'bundler' ? ['module'] : ['module', 'commonjs']) {
    const isRefused = name === 'node16' && type === 'commonjs';
    test(`moduleResolution ${name}, ${type}: ${isRefused ? 'TypeScript wants an import() there' : 'types are found'}`, (t) => {
      const folder = writeFiles(`types-${name}-${type}`, {
        'package.json': JSON.stringify({ type }),
        'main.ts': source,
        'tsconfig.json': JSON.stringify({
          compilerOptions: {
            ...{ ...options, target: 'es2022', lib: ['es2023'], strict: true, noEmit: true, skipLibCheck: false },
            ...{ types: ['node'], typeRoots: [resolve('node_modules/@types')] },
          },
          files: ['main.ts'],
        }),
      });
      const said = run(folder, process.execPath, tsc, '-p', '.');
      if (isRefused) t.regex(said, /TS1479.*import\("bilevel"\)/);
      else t.is(said, '');
    });
  }
}

test('the app has nothing but the package', (t) => {
  t.notRegex(run(app, process.execPath, '-p', `require('fs').readdirSync('node_modules').join()`), /typescript/);
});
