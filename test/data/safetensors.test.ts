import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import {
  encodeSafetensors,
  parseSafetensors,
  readSafetensors,
  toTensor,
  writeSafetensors,
} from '../../lib/data/safetensors.js';
import { Tensor } from '../../lib/tensor.js';

/** A file with the given header, of the given length whatever it says, and `dataLength` data bytes. */
function file(header: unknown, dataLength: number, announced?: bigint): Uint8Array {
  const json = typeof header === 'string' ? header : JSON.stringify(header);
  const text = new TextEncoder().encode(json);
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, announced ?? BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

const entry = (begin: number, end: number, shape: unknown = [(end - begin) / 4], dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

test('tensors of every dtype and the metadata survive a round trip', (t) => {
  const tensors = new Map<string, Tensor>([
    ['weights', Tensor.from([1.5, -2, 3, 4, 5, 6], [2, 3])],
    ['flags', Tensor.from([1, 0, 1], [3], 'bool')],
    ['step', Tensor.from([7], [], 'int32')],
    ['labels', Tensor.from([2n ** 53n + 1n, -1n], [2], 'int64')],
    ['empty', Tensor.zeros([0, 4])],
    ['naïve "name"', Tensor.scalar(0.1)],
    ['__proto__', Tensor.scalar(9)],
    ['10', Tensor.scalar(10)],
  ]);
  const bytes = encodeSafetensors(tensors, { format: 'pt', note: 'line\nbreak' });
  const parsed = parseSafetensors(bytes);
  t.deepEqual(
    [...parsed.metadata],
    [
      ['format', 'pt'],
      ['note', 'line\nbreak'],
    ],
  );
  t.is(parsed.tensors.size, tensors.size);
  for (const [name, tensor] of tensors) {
    const stored = parsed.tensors.get(name);
    if (stored === undefined) throw new Error(`${name} is missing`);
    const restored = toTensor(name, stored);
    t.is(restored.dtype, tensor.dtype);
    t.deepEqual(restored.shape, tensor.shape);
    t.deepEqual(Array.from<unknown>(restored.data), Array.from<unknown>(tensor.data), name);
  }
});

test('the bytes do not depend on the order of insertion, and data start at a multiple of 8', (t) => {
  const a: [string, Tensor] = ['a', Tensor.scalar(1)];
  const b: [string, Tensor] = ['b', Tensor.from([1n], [1], 'int64')];
  const bytes = encodeSafetensors(new Map([a, b]), { x: '1', y: '2' });
  t.deepEqual(encodeSafetensors(new Map([b, a]), { y: '2', x: '1' }), bytes);
  t.is(new DataView(bytes.buffer).getUint32(0, true) % 8, 0);
});

test('a file made by another program is read', (t) => {
  const values = new Uint8Array(8 + 4 + 8 + 2 + 2 + 2);
  const view = new DataView(values.buffer);
  view.setFloat64(0, Math.PI, true);
  view.setUint16(8, 0x3c00, true); // 1
  view.setUint16(10, 0xfbff, true); // -65504, the largest half
  view.setUint16(12, 0x0001, true); // the smallest subnormal half, 2^-24
  view.setUint16(14, 0x7c00, true);
  view.setUint16(16, 0x3555, true);
  view.setUint16(18, 0x7e00, true);
  values.set([1, 2, 3, 255], 20);
  const bytes = file(
    {
      half: entry(8, 20, [2, 3], 'F16'),
      pi: entry(0, 8, [], 'F64'),
      bytes: entry(20, 26, [6], 'U8'),
    },
    26,
  );
  bytes.set(values, bytes.length - 26);
  const { tensors } = parseSafetensors(bytes);
  t.deepEqual(tensors.get('pi'), { dtype: 'F64', shape: [], data: new Float64Array([Math.PI]) });
  t.deepEqual(tensors.get('half')?.data, new Float32Array([1, -65504, 2 ** -24, Infinity, 0.333251953125, NaN]));
  t.deepEqual(tensors.get('bytes')?.data, new Uint8Array([1, 2, 3, 255, 0, 0]));
});

const attacks: Record<string, [bytes: Uint8Array, message: RegExp, code?: string]> = {
  'an empty file': [new Uint8Array(0), /too few/],
  'a truncated header length': [new Uint8Array(7), /too few/],
  'a header beyond the end': [file('{}', 0, 3n), /beyond the end/],
  'a header length of 2^64 - 1': [file('{}', 0, 2n ** 64n - 1n), /beyond the end/],
  'a text': [new TextEncoder().encode('# A heading, and no tensors'), /beyond the end/],
  'a header above 16 MiB': [file('{}', 17 * 2 ** 20, 17n * 2n ** 20n), /at most/, 'LIMIT_EXCEEDED'],
  'a header that is not JSON': [file('{"a":', 0), /not JSON/],
  'a header that is not UTF-8': [Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 0xff]), /not JSON/],
  'a header that is a list': [file('[]', 0), /not a JSON object/],
  'an entry that is not an object': [file({ a: 3 }, 0), /"a" is not an object/],
  'metadata that are not strings': [file({ __metadata__: { a: 1 } }, 0), /metadata value "a"/],
  'an unknown dtype': [file({ a: entry(0, 4, [1], 'C64') }, 4), /dtype "C64"/],
  'a dtype of the prototype': [file({ a: entry(0, 4, [1], 'toString') }, 4), /dtype "toString"/],
  'a negative size': [file({ a: entry(0, 4, [-1]) }, 4), /shape of "a"/],
  'a fractional size': [file({ a: entry(0, 4, [0.5]) }, 4), /shape of "a"/],
  'a size that overflows': [file({ a: entry(0, 4, [2 ** 52, 2 ** 52]) }, 4), /needs/],
  'a shape that does not fill the range': [file({ a: entry(0, 8, [1]) }, 8), /needs 4 bytes but its range has 8/],
  'offsets that run backwards': [file({ a: entry(4, 0, [1]) }, 4), /not a byte range/],
  'offsets that are text': [file({ a: { dtype: 'F32', shape: [1], data_offsets: ['0', '4'] } }, 4), /not a byte range/],
  'no offsets': [file({ a: { dtype: 'F32', shape: [1] } }, 4), /no pair/],
  'a range beyond the end': [file({ a: entry(0, 8) }, 4), /beyond the end/],
  'two tensors in the same bytes': [file({ a: entry(0, 8), b: entry(4, 12) }, 12), /overlaps/],
  'a hole between tensors': [file({ a: entry(0, 4), b: entry(8, 12) }, 12), /belong to no tensor/],
  'bytes after the last tensor': [file({ a: entry(0, 4) }, 8), /belong to no tensor/],
};

for (const [name, [bytes, message, code = 'INVALID_FILE']] of Object.entries(attacks)) {
  test(`refuses ${name}`, (t) => {
    t.throws(() => parseSafetensors(bytes, 'x.safetensors'), { code, message });
  });
}

test('a damaged byte anywhere in the header gives a clean error or a whole file, never another error', (t) => {
  const original = encodeSafetensors(
    new Map<string, Tensor>([
      ['w', Tensor.from([1, 2])],
      ['b', Tensor.from([3n])],
    ]),
  );
  const length = 8 + new DataView(original.buffer).getUint32(0, true);
  for (let position = 0; position < length; position++) {
    for (const flip of [0x01, 0x10, 0x80]) {
      const bytes = original.slice();
      bytes[position] = Number(bytes[position]) ^ flip;
      try {
        parseSafetensors(bytes);
      } catch (error) {
        t.regex(String((error as { code?: string }).code), /^(INVALID_FILE|LIMIT_EXCEEDED)$/);
      }
    }
  }
  for (let end = 0; end < original.length; end++) {
    t.throws(() => parseSafetensors(original.subarray(0, end)), { code: 'INVALID_FILE' });
  }
});

test('entries that no tensor can hold exactly are refused', (t) => {
  t.throws(() => toTensor('a', { dtype: 'F64', shape: [1], data: new Float64Array(1) }), { code: 'INVALID_DATA' });
  t.throws(() => toTensor('a', { dtype: 'BOOL', shape: [1], data: new Uint8Array([2]) }), { code: 'INVALID_DATA' });
});

test('the reserved name is not taken for a tensor', (t) => {
  t.throws(() => encodeSafetensors(new Map([['__metadata__', Tensor.scalar(1)]])), { code: 'INVALID_ARGUMENT' });
});

test('files are written whole and read back', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'bilevel-'));
  try {
    const path = join(folder, 'state.safetensors');
    await writeSafetensors(path, new Map([['a', Tensor.scalar(1)]]));
    await writeSafetensors(path, new Map([['a', Tensor.scalar(2)]]));
    t.deepEqual((await readSafetensors(path)).tensors.get('a')?.data, new Float32Array([2]));
    t.deepEqual(await readdir(folder), ['state.safetensors']);
    t.deepEqual(new Uint8Array(await readFile(path)), encodeSafetensors(new Map([['a', Tensor.scalar(2)]])));
    await t.throwsAsync(readSafetensors(join(folder, 'none')), { code: 'NOT_FOUND', message: /none/ });
  } finally {
    await rm(folder, { recursive: true });
  }
});
