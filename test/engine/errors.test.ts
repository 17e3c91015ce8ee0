import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { fromNative, nativeCodes } from '../../lib/engine/native-error.js';
import { BilevelError } from '../../lib/errors.js';
import { packageRoot } from '../../lib/package-root.js';
import { Tensor } from '../../lib/tensor.js';

/** Codes of errors in the sources of the addon: all string literals in capitals but names of the environment. */
async function codesInSources(): Promise<string[]> {
  const found = new Set<string>();
  for (const room of ['addon', 'program', 'cpu', 'cuda/context', 'cuda/compile', 'cuda/execute', 'mpi']) {
    const folder = join(packageRoot(), 'native', room);
    for (const file of await readdir(folder, { recursive: true })) {
      if (!/\.(cpp|h|inc)$/.test(file)) continue;
      const source = await readFile(join(folder, file), 'utf8');
      for (const [, code = ''] of source.matchAll(/(?<!setenv\()"([A-Z_]{5,})"/g)) found.add(code);
    }
  }
  return [...found].sort();
}

test('TypeScript knows every code that native code throws, and no other', async (t) => {
  t.deepEqual(await codesInSources(), [...nativeCodes].sort());
});

test('a native error of each code becomes an error of the package, and any other stays what it is', (t) => {
  for (const code of nativeCodes) {
    const made = fromNative(Object.assign(new Error('why'), { code }));
    t.true(made instanceof BilevelError);
    t.like(made, { code, message: 'why' });
  }
  const other = Object.assign(new Error('why'), { code: 'ERR_NAPI' });
  t.is(fromNative(other), other);
});

test.serial('where JavaScript has no shared memory, a tensor says so and what to do', (t) => {
  const shared = Object.getOwnPropertyDescriptor(globalThis, 'SharedArrayBuffer') as PropertyDescriptor;
  try {
    Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
    t.throws(() => Tensor.zeros([2]), {
      instanceOf: BilevelError,
      code: 'DEVICE_UNAVAILABLE',
      message: /no SharedArrayBuffer.*Electron.*utility process/,
    });
  } finally {
    Object.defineProperty(globalThis, 'SharedArrayBuffer', shared);
  }
  t.is(Tensor.zeros([2]).size, 2);
});
