import { promisify } from 'node:util';
import { inflate } from 'node:zlib';
import { BilevelError, isError } from '../errors.js';
import { elementCount } from '../tensor.js';
import { readBytes } from './files.js';
import { contentLimit } from './unpack.js';

const unzip = promisify(inflate);

/** A numeric array as MATLAB keeps it: the first index changes quickest. */
export interface MatArray {
  readonly shape: readonly number[];
  readonly data:
    | Uint8Array
    | Int8Array
    | Uint16Array
    | Int16Array
    | Uint32Array
    | Int32Array
    | Float32Array
    | Float64Array;
}

const headerBytes = 128;
const maxRank = 32;

/** Types of elements that are not numbers. */
const elementTypes = { matrix: 14, compressed: 15 } as const;

/** By the type of an element of numbers. */
const numbers: Readonly<Record<number, (bytes: ArrayBuffer) => MatArray['data']>> = {
  1: (bytes) => new Int8Array(bytes),
  2: (bytes) => new Uint8Array(bytes),
  3: (bytes) => new Int16Array(bytes),
  4: (bytes) => new Uint16Array(bytes),
  5: (bytes) => new Int32Array(bytes),
  6: (bytes) => new Uint32Array(bytes),
  7: (bytes) => new Float32Array(bytes),
  9: (bytes) => new Float64Array(bytes),
};

/** Classes of arrays of real numbers of up to 32 bits and of doubles: those of texts, cells and records are others. */
const numericClasses: ReadonlySet<number> = new Set([6, 7, 8, 9, 10, 11, 12, 13]);
const complexFlag = 0x800;

interface Element {
  readonly type: number;
  readonly content: Buffer;
  /** Where the next one begins, padding not counted. */
  readonly end: number;
}

/**
 * Decodes a MATLAB file of level 5, as `save` of versions 5 to 7.2 and `save -v7` write it, packed or not.
 * @param source name of the file for error messages
 * @param limit most bytes that packed arrays may have together; 1 GiB by default
 * @returns the arrays of real numbers by name; whatever else the file holds is passed over
 * @throws INVALID_FILE when it is damaged, of another level or of the other order of bytes; LIMIT_EXCEEDED
 */
export async function parseMat(
  bytes: Uint8Array,
  source = 'the .mat file',
  limit = contentLimit,
): Promise<ReadonlyMap<string, MatArray>> {
  const damaged = (reason: string): BilevelError =>
    new BilevelError('INVALID_FILE', `${source} is not a MATLAB file that can be read: ${reason}.`);
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length < headerBytes) throw damaged('it ends within its header');
  if (file.toString('latin1', 0, 10) === 'MATLAB 7.3') {
    throw damaged('it is of version 7.3; write it with save(…, "-v7")');
  }
  const order = file.toString('latin1', 126, 128);
  if (order === 'MI') throw damaged('its bytes are in the order of another machine');
  if (order !== 'IM' || file.readUInt8(125) !== 1) throw damaged('it does not begin as one');
  const arrays = new Map<string, MatArray>();
  let unpacked = 0;
  for (let position = headerBytes; position < file.length; ) {
    const element = elementAt(file, position, damaged);
    position = element.end;
    let { type, content } = element;
    if (type === elementTypes.compressed) {
      const inner = await inflated(content, limit - unpacked, damaged).catch((error: unknown) => {
        if (!(error instanceof RangeError)) throw error;
        throw new BilevelError('LIMIT_EXCEEDED', `${source} unpacks to more than ${limit} bytes.`, { cause: error });
      });
      unpacked += inner.length;
      ({ type, content } = elementAt(inner, 0, damaged));
    }
    if (type !== elementTypes.matrix) continue;
    const found = arrayIn(content, damaged);
    if (found !== undefined) arrays.set(found.name, found.array);
  }
  return arrays;
}

/** Short elements have size and content within the eight bytes of their tag. */
function elementAt(file: Buffer, position: number, damaged: (reason: string) => Error): Element {
  if (position + 8 > file.length) throw damaged('it ends within the tag of an element');
  const first = file.readUInt32LE(position);
  const short = first >>> 16;
  const [start, size] = short > 0 ? [position + 4, short] : [position + 8, file.readUInt32LE(position + 4)];
  const type = first & 0xffff;
  const stop = start + size;
  if (stop > file.length || short > 4) throw damaged('it ends within an element');
  const end = short > 0 ? position + 8 : type === elementTypes.compressed ? stop : Math.ceil(stop / 8) * 8;
  return { type, content: file.subarray(start, stop), end };
}

/** @throws RangeError above the limit */
async function inflated(content: Buffer, limit: number, damaged: (reason: string) => Error): Promise<Buffer> {
  try {
    return await unzip(content, { maxOutputLength: Math.max(1, limit) });
  } catch (error) {
    if (error instanceof RangeError) throw error;
    throw damaged(`zlib reports "${isError(error) ? error.message : String(error)}"`);
  }
}

/** The parts of an array: flags, sizes, name, real parts. Undefined unless it is one of real numbers. */
function arrayIn(
  content: Buffer,
  damaged: (reason: string) => Error,
): { readonly name: string; readonly array: MatArray } | undefined {
  const flags = elementAt(content, 0, damaged);
  if (flags.content.length < 4) throw damaged('an array has no flags');
  const [kind = 0, marks = 0] = [flags.content.readUInt8(0), flags.content.readUInt16LE(0)];
  if (!numericClasses.has(kind) || (marks & complexFlag) !== 0) return undefined;
  const sizes = elementAt(content, flags.end, damaged);
  const name = elementAt(content, sizes.end, damaged);
  const values = elementAt(content, name.end, damaged);
  const rank = sizes.content.length / 4;
  if (sizes.type !== 5 || !Number.isInteger(rank) || rank > maxRank) throw damaged('an array has no sizes');
  const shape = Array.from({ length: rank }, (_, axis) => sizes.content.readInt32LE(4 * axis));
  const label = name.content.toString('utf8');
  const decode = numbers[values.type];
  if (decode === undefined) throw damaged(`the array ${label} has elements of the type ${values.type}`);
  // Memory of its own, which begins where every type may.
  const { buffer } = new Uint8Array(values.content);
  const width = decode(new ArrayBuffer(0)).BYTES_PER_ELEMENT;
  if (shape.some((size) => size < 0) || elementCount(shape) * width !== values.content.length) {
    throw damaged(`the array ${label} [${shape.join(', ')}] has ${values.content.length} bytes of elements`);
  }
  return { name: label, array: { shape, data: decode(buffer) } };
}

/** Reads a MATLAB file. @throws NOT_FOUND, IO_ERROR, and as {@link parseMat} */
export async function readMat(path: string): Promise<ReadonlyMap<string, MatArray>> {
  return parseMat(await readBytes(path, contentLimit), path);
}
