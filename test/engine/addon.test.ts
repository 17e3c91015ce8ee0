import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import test from 'ava';
import type * as engine from '../../lib/engine/index.js';

const compiled = fileURLToPath(new URL('../../lib/', import.meta.url));

test('a package without its addon says how to build it, and where', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'bilevel-addon-'));
  t.teardown(() => rm(root, { recursive: true }));
  await writeFile(join(root, 'package.json'), '{ "type": "module" }');
  await cp(compiled, join(root, 'dist/lib'), { recursive: true });
  const entry = pathToFileURL(join(root, 'dist/lib/engine/index.js')).href;
  const { Device } = (await import(entry)) as typeof engine;
  const error = t.throws(() => Device.cpu(), { name: 'BilevelError', code: 'DEVICE_UNAVAILABLE' });
  const message = error?.message ?? '';
  t.true(message.includes(join(root, 'build/Release/bilevel.node')));
  t.true(message.includes(`\`npm run build:native\` in the folder ${root}.`));
  t.true(message.includes('libdnnl-dev'));
});
