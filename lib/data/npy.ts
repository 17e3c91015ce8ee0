import { BilevelError } from '../errors.js';
import { type DType, elementCount, type Tensor } from '../tensor.js';
import { decodeFloat16 } from './half.js';
import { readUnpacked } from './unpack.js';

const descriptions: Readonly<Record<DType, string>> = { float32: '<f4', int32: '<i4', int64: '<i8', bool: '|b1' };

/** The tensor as a NumPy .npy file, format version 1.0, row-major and little-endian. */
export function encodeNpy({ dtype, shape, data }: Tensor): Uint8Array<ArrayBuffer> {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const header = `{'descr': '${descriptions[dtype]}', 'fortran_order': False, 'shape': (${sizes}), }`;
  // Magic, version and header length take 10 bytes; the elements start at a multiple of 64.
  const dataStart = Math.ceil((10 + header.length + 1) / 64) * 64;
  const bytes = new Uint8Array(dataStart + data.byteLength);
  bytes.set([0x93, ...new TextEncoder().encode('NUMPY'), 1, 0]);
  new DataView(bytes.buffer).setUint16(8, dataStart - 10, true);
  bytes.set(new TextEncoder().encode(`${header.padEnd(dataStart - 11)}\n`), 10);
  bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), dataStart);
  return bytes;
}

/** Elements of an array file in row-major order, in memory of their own. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | BigUint64Array
    | BigInt64Array
    | Float32Array
    | Float64Array
    | readonly string[];
}

const maxRank = 32;
/** Longest header and longest text of an array of texts. */
const headerLimit = 2 ** 16;
const textLimit = 2 ** 12;

/**
 * By kind and bytes of an element, booleans as 0 and 1; `bytes` starts its own buffer, and is in the order of this
 * machine's bytes.
 */
const decoders: Readonly<Record<string, (bytes: Uint8Array<ArrayBuffer>) => NpyArray['data']>> = {
  b1: ({ buffer }) => new Int8Array(buffer),
  u1: (bytes) => bytes,
  i1: ({ buffer }) => new Int8Array(buffer),
  u2: ({ buffer }) => new Uint16Array(buffer),
  i2: ({ buffer }) => new Int16Array(buffer),
  u4: ({ buffer }) => new Uint32Array(buffer),
  i4: ({ buffer }) => new Int32Array(buffer),
  u8: ({ buffer }) => new BigUint64Array(buffer),
  i8: ({ buffer }) => new BigInt64Array(buffer),
  f2: ({ buffer }) => Float32Array.from(new Uint16Array(buffer), decodeFloat16),
  f4: ({ buffer }) => new Float32Array(buffer),
  f8: ({ buffer }) => new Float64Array(buffer),
};

/**
 * Decodes a NumPy .npy file of numbers or texts, in either order of axes and of bytes.
 * @param source name of the file for error messages
 * @throws INVALID_FILE when it is truncated, longer than its header says, of Python objects, or no .npy file;
 *   LIMIT_EXCEEDED
 */
export function parseNpy(bytes: Uint8Array, source = 'the .npy file'): NpyArray {
  const damaged = (reason: string): BilevelError =>
    new BilevelError('INVALID_FILE', `${source} is not a .npy file that can be read: ${reason}.`);
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (content.length < 12 || content.toString('latin1', 0, 6) !== '\x93NUMPY')
    throw damaged('it does not begin as one');
  const wide = content.readUInt8(6) > 1;
  const headerStart = wide ? 12 : 10;
  const headerLength = wide ? content.readUInt32LE(8) : content.readUInt16LE(8);
  if (headerLength > headerLimit) {
    throw new BilevelError(
      'LIMIT_EXCEEDED',
      `${source} has a header of ${headerLength} bytes; at most ${headerLimit} are read.`,
    );
  }
  const dataStart = headerStart + headerLength;
  if (content.length < dataStart) throw damaged('it ends within its header');
  const header = content.toString('latin1', headerStart, dataStart);
  const [, type = ''] = /'descr':\s*'([^']*)'/.exec(header) ?? [];
  const [, order = ''] = /'fortran_order':\s*(True|False)/.exec(header) ?? [];
  const [, sizes] = /'shape':\s*\(([\d,\sL]*)\)/.exec(header) ?? [];
  if (order === '' || sizes === undefined) throw damaged('its header does not say type, order and shape');
  const shape = (sizes.match(/\d+/g) ?? []).map(Number);
  if (shape.length > maxRank) throw damaged(`its rank ${shape.length} is above ${maxRank}`);
  const [, endian = '', kind = '', width = ''] = /^([<>|=]?)([a-zA-Z])(\d*)$/.exec(type) ?? [];
  if (kind === 'O') throw damaged('it holds Python objects; save numbers or texts of a fixed length');
  const elementBytes = kind === 'U' ? 4 * Number(width) : Number(width);
  const decode = kind === 'U' || kind === 'S' ? textDecoder(kind, elementBytes) : decoders[`${kind}${width}`];
  if (decode === undefined || elementBytes > textLimit)
    throw damaged(`its element type ${JSON.stringify(type)} is not read`);
  const expected = elementCount(shape) * elementBytes;
  const received = content.length - dataStart;
  if (received !== expected) {
    throw damaged(`its header (${shape.join(', ')}) announces ${expected} bytes of elements but ${received} follow`);
  }
  const elements = new Uint8Array(content.subarray(dataStart));
  if (endian === '>') swapBytes(elements, kind === 'U' ? 4 : elementBytes);
  const data = decode(elements);
  return { shape, data: order === 'True' ? rowMajor(data, shape) : data };
}

/** Texts of a fixed length, filled up with zeros: of code points, or of bytes. */
function textDecoder(kind: string, elementBytes: number): (bytes: Uint8Array<ArrayBuffer>) => readonly string[] {
  return (bytes) => {
    const count = elementBytes === 0 ? 0 : bytes.length / elementBytes;
    const view = new DataView(bytes.buffer);
    return Array.from({ length: count }, (_, index) => {
      const start = index * elementBytes;
      const text =
        kind === 'S'
          ? Buffer.from(bytes.buffer, start, elementBytes).toString('utf8')
          : Array.from({ length: elementBytes / 4 }, (_, at) => characterAt(view.getUint32(start + 4 * at, true))).join(
              '',
            );
      return text.replace(/\0+$/, '');
    });
  };
}

const characterAt = (code: number): string => (code > 0x10ffff ? '\ufffd' : String.fromCodePoint(code));

function swapBytes(bytes: Uint8Array<ArrayBuffer>, width: number): void {
  const buffer = Buffer.from(bytes.buffer);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else if (width === 8) buffer.swap64();
}

/** Elements whose first index changes quickest, in the order in which the last one does. */
function rowMajor(data: NpyArray['data'], shape: readonly number[]): NpyArray['data'] {
  const strides = shape.map((_, axis) => elementCount(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  const ordered = data.slice();
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    (ordered as { [position: number]: unknown })[to] = data[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const [stride = 0, size = 0] = [strides[axis], shape[axis]];
      index[axis] = (index[axis] ?? 0) + 1;
      from += stride;
      if (index[axis] !== size) break;
      from -= stride * size;
      index[axis] = 0;
    }
  }
  return ordered;
}

/** Reads a .npy file, plain or packed with gzip. @throws NOT_FOUND, IO_ERROR, LIMIT_EXCEEDED, INVALID_FILE */
export async function readNpy(path: string): Promise<NpyArray> {
  return parseNpy(await readUnpacked(path), path);
}
