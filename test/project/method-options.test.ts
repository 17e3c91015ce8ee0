import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { packageRoot } from '../../lib/package-root.js';
import { methodNames, methods } from '../../lib/solvers/index.js';

/** Lines may be broken otherwise by the formatter. */
const words = (text: string): string => text.replaceAll(/[\s|]+/g, ' ').replaceAll(/([<(]) | ([>)])/g, '$1$2');

test('the types of options are those of the tables', async (t) => {
  const script = join(packageRoot(), 'scripts', 'method-options.mjs');
  const print = `import(${JSON.stringify(script)}).then(({ methodOptionsText }) => console.log(methodOptionsText()))`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', print]);
  const written = await readFile(join(packageRoot(), 'lib', 'solvers', 'method-options.ts'), 'utf8');
  t.is(words(written).trim(), words(stdout).trim(), 'node scripts/method-options.mjs writes it anew');
  for (const name of methodNames) t.regex(written, new RegExp(`readonly ${name}: `));
  t.is(Object.keys(methods).length, methodNames.length);
});
