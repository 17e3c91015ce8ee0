import { BilevelError } from '../errors.js';
import { elementCount } from '../tensor.js';
import { readUnpacked } from './unpack.js';

/** Elements of an IDX file in row-major order. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

const maxRank = 8;

/** The third byte of the file is the element type; wide elements are big-endian. `data` holds just the elements. */
const decoders: ReadonlyMap<number, { readonly bytes: number; decode(data: Buffer): IdxArray['data'] }> = new Map([
  [0x08, { bytes: 1, decode: (data: Buffer) => new Uint8Array(data.buffer, data.byteOffset, data.length) }],
  [0x09, { bytes: 1, decode: (data: Buffer) => new Int8Array(data.buffer, data.byteOffset, data.length) }],
  [0x0b, { bytes: 2, decode: (data: Buffer) => new Int16Array(ownMemory(data).swap16().buffer) }],
  [0x0c, { bytes: 4, decode: (data: Buffer) => new Int32Array(ownMemory(data).swap32().buffer) }],
  [0x0d, { bytes: 4, decode: (data: Buffer) => new Float32Array(ownMemory(data).swap32().buffer) }],
  [0x0e, { bytes: 8, decode: (data: Buffer) => new Float64Array(ownMemory(data).swap64().buffer) }],
]);

/**
 * A copy that starts its own buffer, so that typed arrays over it are aligned and the file's bytes stay as they are.
 */
function ownMemory(data: Buffer): Buffer {
  return Buffer.from(new Uint8Array(data).buffer);
}

/**
 * Decodes an IDX file: two zero bytes, the element type, the rank, the sizes as big-endian 32-bit integers, the
 * elements.
 * @param source name of the file for error messages
 * @throws INVALID_FILE when it is truncated, longer than its header says, or not an IDX file
 */
export function parseIdx(bytes: Uint8Array, source = 'the IDX file'): IdxArray {
  const damaged = (reason: string): BilevelError =>
    new BilevelError('INVALID_FILE', `${source} is not a valid IDX file: ${reason}.`);
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (content.length < 4) throw damaged(`it has only ${content.length} bytes`);
  if (content.readUInt16BE(0) !== 0) throw damaged('it does not start with two zero bytes');
  const type = content.readUInt8(2);
  const decoder = decoders.get(type);
  if (decoder === undefined) throw damaged(`its element type 0x${type.toString(16).padStart(2, '0')} does not exist`);
  const rank = content.readUInt8(3);
  if (rank < 1 || rank > maxRank) throw damaged(`its rank ${rank} is outside 1 to ${maxRank}`);
  const dataStart = 4 + 4 * rank;
  if (content.length < dataStart) throw damaged('it ends within its header');
  const shape = Array.from({ length: rank }, (_, axis) => content.readUInt32BE(4 + 4 * axis));
  const expected = elementCount(shape) * decoder.bytes;
  const received = content.length - dataStart;
  if (received !== expected) {
    throw damaged(`its header [${shape.join(', ')}] announces ${expected} bytes of elements but ${received} follow`);
  }
  return { shape, data: decoder.decode(content.subarray(dataStart)) };
}

/** Reads an IDX file, plain or gzip-packed. @throws NOT_FOUND, IO_ERROR, LIMIT_EXCEEDED, INVALID_FILE */
export async function readIdx(path: string): Promise<IdxArray> {
  return parseIdx(await readUnpacked(path), path);
}
