import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import test from 'ava';
import { BilevelError, type ErrorCode } from '../../lib/errors.js';
import { StringStringEntryProtoSchema, TensorProto_DataLocation } from '../../lib/onnx/file/schema/onnx_pb.js';
import { Network } from '../../lib/onnx/index.js';
import { buildModel, encode, rawBytes } from '../support/onnx/builder.js';
import { evaluateModel, random } from '../support/onnx/operator-case.js';
import { changed, linear, weights } from '../support/onnx/untrusted-models.js';

/** A model whose weights w lie in another file, and the folder they are in. */
async function withExternalData(
  entries: Readonly<Record<string, string>>,
  run: (path: string, folder: string) => Promise<void>,
): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'bilevel-external-'));
  const folder = join(root, 'model');
  try {
    await mkdir(join(folder, 'data'), { recursive: true });
    const padded = Buffer.concat([Buffer.alloc(8), rawBytes(random([3, 2])), Buffer.alloc(4)]);
    for (const file of [join(root, 'secret.bin'), join(folder, 'weights.bin'), join(folder, 'data', 'weights.bin')]) {
      await writeFile(file, padded);
    }
    await symlink(join(root, 'secret.bin'), join(folder, 'link.bin'));
    await symlink(root, join(folder, 'up'));
    await symlink('weights.bin', join(folder, 'inside.bin'));
    const path = join(folder, 'model.onnx');
    const bytes = changed((model) => {
      const w = weights(model);
      w.rawData = new Uint8Array();
      w.dataLocation = TensorProto_DataLocation.EXTERNAL;
      w.externalData = Object.entries(entries).map(([key, value]) =>
        create(StringStringEntryProtoSchema, { key, value }),
      );
    });
    await writeFile(path, bytes);
    await run(path, folder);
  } finally {
    await rm(root, { recursive: true });
  }
}

for (const location of ['weights.bin', 'data/weights.bin', './data/weights.bin', 'inside.bin']) {
  test(`external data are read from ${location}, and put inside when saved`, async (t) => {
    await withExternalData({ location, offset: '8', length: '24' }, async (path) => {
      const network = await Network.load(path);
      t.deepEqual(network.parameters.get('w')?.value.toArray(), [...random([3, 2]).data]);
      const x = random([2, 3]);
      const expected = await evaluateModel(encode(buildModel(linear)), x);
      t.deepEqual(await evaluateModel(network.toBytes({}), x), expected);
    });
  });
}

const refusedLocations: Readonly<Record<string, ErrorCode>> = {
  '../secret.bin': 'INVALID_FILE',
  'data/../../secret.bin': 'INVALID_FILE',
  'data/../weights.bin': 'INVALID_FILE',
  '..\\secret.bin': 'INVALID_FILE',
  '/etc/hostname': 'INVALID_FILE',
  'C:\\secret.bin': 'INVALID_FILE',
  'link.bin': 'INVALID_FILE',
  'up/secret.bin': 'INVALID_FILE',
  data: 'INVALID_FILE',
  '.': 'INVALID_FILE',
  '': 'INVALID_FILE',
  'weights.bin\0.txt': 'INVALID_FILE',
  'none.bin': 'NOT_FOUND',
};

for (const [location, code] of Object.entries(refusedLocations)) {
  test(`external data at ${JSON.stringify(location)} are refused`, async (t) => {
    await withExternalData({ location, offset: '8', length: '24' }, async (path) => {
      await t.throwsAsync(() => Network.load(path), { instanceOf: BilevelError, code });
    });
  });
}

for (const range of [
  { offset: '8', length: '32' },
  { offset: '100' },
  { offset: '-1', length: '24' },
  { offset: '1e3', length: '24' },
  { offset: '8', length: '99999999999999999999' },
  { offset: '9007199254740990', length: '24' },
  { offset: '8', length: '20' },
]) {
  test(`external data at ${JSON.stringify(range)} are refused`, async (t) => {
    await withExternalData({ location: 'weights.bin', ...range }, async (path) => {
      await t.throwsAsync(() => Network.load(path), { instanceOf: BilevelError, code: 'INVALID_FILE' });
    });
  });
}

test('a model given as bytes may not refer to files', async (t) => {
  await withExternalData({ location: 'weights.bin', offset: '8', length: '24' }, async (path) => {
    const bytes = await readFile(path);
    await t.throwsAsync(() => Network.load(bytes), { code: 'INVALID_FILE', message: /by its path/ });
  });
});

test('external data are counted against the limits', async (t) => {
  await withExternalData({ location: 'weights.bin', offset: '8', length: '24' }, async (path) => {
    await t.throwsAsync(() => Network.load(path, { limits: { parameterBytes: 23 } }), { code: 'LIMIT_EXCEEDED' });
  });
});
