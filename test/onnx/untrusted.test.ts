import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { Random } from '../../lib/data/random.js';
import type { ErrorCode } from '../../lib/errors.js';
import { input } from '../../lib/graph/index.js';
import { Network } from '../../lib/onnx/index.js';
import { Tensor } from '../../lib/tensor.js';
import { buildModel, encode, tensor } from '../support/onnx/builder.js';
import { codeOf, linear } from '../support/onnx/untrusted-models.js';

const fixtures = fileURLToPath(new URL('../../../test/fixtures/', import.meta.url));

for (const name of ['conv4-train', 'smooth-mlp']) {
  test(`every truncation of ${name} is an invalid file`, async (t) => {
    const bytes = await readFile(`${fixtures}${name}/model.onnx`);
    const ends = [
      ...Array(64).keys(),
      ...Array.from({ length: 200 }, (_, index) => Math.floor((index * bytes.length) / 200)),
      bytes.length - 1,
    ];
    for (const end of ends) t.is(await codeOf(bytes.subarray(0, end)), 'INVALID_FILE', `cut at ${end}`);
  });

  test(`flipped bytes in ${name} never give more than an error with a code`, async (t) => {
    const bytes = await readFile(`${fixtures}${name}/model.onnx`);
    const random = Random.fromSeed(3, 'flips');
    const codes = new Set<ErrorCode | undefined>();
    for (let round = 0; round < 400; round++) {
      const damaged = Uint8Array.from(bytes);
      // Half of the flips hit the last part, where the nodes are and not only weights.
      const low = round % 2 === 0 ? 0 : bytes.length - 3000;
      for (let flip = 0; flip <= round % 3; flip++) {
        const position = low + Math.floor(random.uniform() * (bytes.length - low));
        damaged[position] = Math.floor(random.uniform() * 256);
      }
      codes.add(await codeOf(damaged));
    }
    t.true(codes.has('INVALID_FILE'));
    t.true(codes.has('UNSUPPORTED_OPERATOR'));
    t.true(codes.has(undefined));
  });
}

test('files of other formats are refused', async (t) => {
  for (const text of ['', '{"a": 1}', '<html></html>', '\x7fELF\x02\x01', 'PK\x03\x04', '%PDF-1.7']) {
    t.is(await codeOf(new TextEncoder().encode(text)), 'INVALID_FILE', text);
  }
  const reference = await readFile(`${fixtures}smooth-mlp/reference.safetensors`);
  t.is(await codeOf(reference), 'INVALID_FILE');
});

test('a missing file and a folder are told apart', async (t) => {
  await t.throwsAsync(() => Network.load(`${fixtures}none.onnx`), { code: 'NOT_FOUND', message: /none\.onnx/ });
  await t.throwsAsync(() => Network.load(fixtures), { code: 'IO_ERROR' });
});

test('bytes are copied, so that their owner may change them, and may be shared memory', async (t) => {
  const bytes = encode(buildModel(linear));
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  const network = await Network.load(shared);
  shared.fill(0);
  t.deepEqual(network.toBytes({}), bytes);
});

test('names of objects are ordinary names', async (t) => {
  const names = ['__proto__', 'constructor', 'toString'];
  const network = await Network.load(
    encode(
      buildModel({
        inputs: { x: { shape: ['batch', 2] } },
        initializers: { ['__proto__']: tensor([1, 2]), constructor: tensor([3, 4]), toString: tensor([5, 6]) },
        nodes: names.map((name, index) => ({
          op: 'Add',
          inputs: [index === 0 ? 'x' : `h${index}`, name],
          outputs: [index === 2 ? 'y' : `h${index + 1}`],
        })),
        outputs: ['y'],
      }),
    ),
  );
  t.deepEqual([...network.parameters.keys()], names);
  const x = input('x', [1, 2]);
  t.deepEqual(network.apply(x, network.parameterNodes()).shape, [1, 2]);
  t.throws(() => network.apply(x, {}), { code: 'INVALID_ARGUMENT' });
  t.throws(() => network.toBytes({ valueOf: Tensor.zeros([2]) }), { code: 'INVALID_ARGUMENT' });
});
