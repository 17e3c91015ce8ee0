import { types } from 'node:util';
import { BilevelError, describe, invalidArgument, isRecord } from '../errors.js';
import { bytesPerElement, type DType, elementCount, Tensor } from '../tensor.js';
import { readBytes, writeFileAtomic } from './files.js';
import { decodeFloat16 } from './half.js';

/**
 * The safetensors container: an 8-byte little-endian header length, a JSON header naming each tensor's dtype, shape and
 * byte range, then the bytes. Files are untrusted: every length and range is checked before it is used.
 */

/** Element types that are read. F16 is widened to float32 in `data`. */
const elementBytes = { F64: 8, F32: 4, F16: 2, I64: 8, I32: 4, U8: 1, BOOL: 1 } as const;
export type SafetensorsDType = keyof typeof elementBytes;

export interface SafetensorsEntry {
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  /** Row-major elements in memory of their own. */
  readonly data: Float64Array | Float32Array | BigInt64Array | Int32Array | Uint8Array;
}

export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** Longest header that is parsed, in bytes. */
const headerLimit = 16 * 2 ** 20;
const metadataKey = '__metadata__';

interface ByteRange {
  readonly name: string;
  readonly dtype: SafetensorsDType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const isDType = (value: unknown): value is SafetensorsDType =>
  typeof value === 'string' && Object.hasOwn(elementBytes, value);

/**
 * Decodes a safetensors file held in memory.
 * @param source name of the file for error messages
 * @throws INVALID_FILE, LIMIT_EXCEEDED (header above 16 MiB)
 */
export function parseSafetensors(bytes: Uint8Array, source = 'the safetensors file'): SafetensorsFile {
  const damaged = (reason: string, cause?: unknown): BilevelError =>
    new BilevelError('INVALID_FILE', `${source} is not a valid safetensors file: ${reason}.`, { cause });
  if (bytes.length < 8) throw damaged(`${bytes.length} bytes are too few for the header length`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.getBigUint64(0, true);
  if (headerLength > BigInt(bytes.length - 8)) {
    throw damaged('the header that its first 8 bytes announce goes beyond the end of the file');
  }
  if (headerLength > BigInt(headerLimit)) {
    throw new BilevelError(
      'LIMIT_EXCEEDED',
      `${source} announces a header of ${headerLength} bytes; at most ${headerLimit} are read.`,
    );
  }
  const dataStart = 8 + Number(headerLength);
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(new Uint8Array(bytes.subarray(8, dataStart))));
  } catch (error) {
    throw damaged('its header is not JSON in UTF-8', error);
  }
  if (!isRecord(header)) throw damaged('its header is not a JSON object');

  const metadata = new Map<string, string>();
  const ranges: ByteRange[] = [];
  for (const [name, value] of Object.entries(header)) {
    if (!isRecord(value)) throw damaged(`the header entry ${describe(name)} is not an object`);
    if (name === metadataKey) {
      for (const [key, text] of Object.entries(value)) {
        if (typeof text !== 'string') throw damaged(`the metadata value ${describe(key)} is not a string`);
        metadata.set(key, text);
      }
    } else {
      ranges.push(readRange(name, value, damaged));
    }
  }
  checkCoverage(ranges, bytes.length - dataStart, damaged);

  const tensors = new Map<string, SafetensorsEntry>();
  for (const { name, dtype, shape, begin, end } of ranges) {
    tensors.set(name, {
      dtype,
      shape,
      data: decode(dtype, new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end))),
    });
  }
  return { tensors, metadata };
}

function readRange(name: string, entry: Record<string, unknown>, damaged: (reason: string) => BilevelError): ByteRange {
  const label = describe(name);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDType(dtype)) {
    throw damaged(`${label} has the dtype ${describe(dtype)}; ${Object.keys(elementBytes).join(', ')} are read`);
  }
  if (!Array.isArray(shape) || !shape.every(isCount)) throw damaged(`the shape of ${label} is not a list of sizes`);
  if (!Array.isArray(offsets) || offsets.length !== 2) throw damaged(`${label} has no pair of data_offsets`);
  const [begin, end]: unknown[] = offsets;
  if (!isCount(begin) || !isCount(end) || end < begin)
    throw damaged(`the data_offsets of ${label} are not a byte range`);
  const byteLength = elementCount(shape) * elementBytes[dtype];
  if (byteLength !== end - begin) {
    throw damaged(
      `${label} of type ${dtype} and shape ${describe(shape)} needs ${byteLength} bytes but its range has ${end - begin}`,
    );
  }
  return { name, dtype, shape, begin, end };
}

/** The ranges must follow each other without overlap or hole and fill the data part exactly, as the format demands. */
function checkCoverage(
  ranges: readonly ByteRange[],
  dataLength: number,
  damaged: (reason: string) => BilevelError,
): void {
  let position = 0;
  for (const { name, begin, end } of ranges.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < position) throw damaged(`the range of ${describe(name)} overlaps another tensor`);
    if (begin > position) throw damaged(`bytes ${position} to ${begin} belong to no tensor`);
    if (end > dataLength) throw damaged(`the range of ${describe(name)} goes beyond the end of the file`);
    position = end;
  }
  if (position !== dataLength) throw damaged(`${dataLength - position} bytes at its end belong to no tensor`);
}

/** `bytes` is a copy that fills its own buffer, so every typed array over it is aligned. */
function decode(dtype: SafetensorsDType, bytes: Uint8Array<ArrayBuffer>): SafetensorsEntry['data'] {
  const buffer = bytes.buffer;
  switch (dtype) {
    case 'F64':
      return new Float64Array(buffer);
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return Float32Array.from(new Uint16Array(buffer), decodeFloat16);
    case 'I64':
      return new BigInt64Array(buffer);
    case 'I32':
      return new Int32Array(buffer);
    case 'U8':
    case 'BOOL':
      return bytes;
  }
}

/** Reads and decodes the file. @throws NOT_FOUND, IO_ERROR, and the errors of {@link parseSafetensors}. */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  return parseSafetensors(await readBytes(path), path);
}

const storedDTypes = { float32: 'F32', int32: 'I32', int64: 'I64', bool: 'BOOL' } as const satisfies Record<
  DType,
  SafetensorsDType
>;

/**
 * Encodes the tensors. The same tensors give the same bytes: wide elements come first, so that all stay aligned, and
 * then the names are in code-unit order.
 * @throws INVALID_ARGUMENT for a tensor named `__metadata__`, which the format reserves
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  if (tensors.has(metadataKey)) throw invalidArgument('tensors', 'names other than the reserved one', metadataKey);
  const entries = [...tensors].toSorted(
    ([a, x], [b, y]) => bytesPerElement[y.dtype] - bytesPerElement[x.dtype] || (a < b ? -1 : 1),
  );
  const header = new Map<string, unknown>();
  const keys = Object.keys(metadata).toSorted();
  if (keys.length > 0) header.set(metadataKey, Object.fromEntries(keys.map((key) => [key, metadata[key]])));
  let position = 0;
  for (const [name, { dtype, shape, data }] of entries) {
    header.set(name, { dtype: storedDTypes[dtype], shape, data_offsets: [position, position + data.byteLength] });
    position += data.byteLength;
  }
  const text = JSON.stringify(Object.fromEntries(header));
  const json = new TextEncoder().encode(text);
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(8 + headerLength + position);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, 8, 8 + headerLength);
  bytes.set(json, 8);
  let offset = 8 + headerLength;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

/** Writes the file atomically. @throws IO_ERROR; a file that was there before then survives. */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  await writeFileAtomic(path, encodeSafetensors(tensors, metadata));
}

const tensorDTypes: Readonly<Partial<Record<SafetensorsDType, DType>>> = {
  F32: 'float32',
  F16: 'float32',
  I32: 'int32',
  I64: 'int64',
  BOOL: 'bool',
};

/**
 * The entry as a tensor, exactly: F32 and F16 become float32, I32 int32, I64 int64, BOOL bool.
 * @throws INVALID_DATA for F64 and U8, which no tensor dtype holds, and for a BOOL byte other than 0 and 1
 */
export function toTensor(name: string, { dtype, shape, data }: SafetensorsEntry): Tensor {
  const target = tensorDTypes[dtype];
  if (target === undefined) {
    throw new BilevelError('INVALID_DATA', `The tensor ${describe(name)} is ${dtype}, which no tensor dtype holds.`);
  }
  if (target === 'bool' && types.isUint8Array(data) && data.some((value) => value > 1)) {
    throw new BilevelError('INVALID_DATA', `The boolean tensor ${describe(name)} holds a byte other than 0 and 1.`);
  }
  return Tensor.from(data, shape, target);
}
