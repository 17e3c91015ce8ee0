import { deflateSync } from 'node:zlib';

const typeOf = new Map<unknown, number>([
  [Int8Array, 1],
  [Uint8Array, 2],
  [Int32Array, 5],
  [Float32Array, 7],
  [Float64Array, 9],
]);

/** An element with its tag, filled up to eight bytes; up to four bytes of content within the tag. */
export function matElement(type: number, content: Uint8Array): Buffer {
  if (content.length > 0 && content.length <= 4) {
    const short = Buffer.alloc(8);
    short.writeUInt16LE(type, 0);
    short.writeUInt16LE(content.length, 2);
    short.set(content, 4);
    return short;
  }
  const long = Buffer.alloc(8 + 8 * Math.ceil(content.length / 8));
  long.writeUInt32LE(type, 0);
  long.writeUInt32LE(content.length, 4);
  long.set(content, 8);
  return long;
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

export interface MatVariable {
  readonly shape: readonly number[];
  readonly data: Int8Array | Uint8Array | Int32Array | Float32Array | Float64Array;
  /** The class of the array: 6 for doubles, 9 for bytes, 4 for a text. */
  readonly kind?: number;
}

/** A MATLAB file of level 5, in which every array is packed or not. */
export function matFile(variables: Readonly<Record<string, MatVariable>>, { packed = true } = {}): Buffer {
  const header = Buffer.alloc(128, ' ');
  header.write('MATLAB 5.0 MAT-file', 0, 'latin1');
  header.writeUInt16LE(0x0100, 124);
  header.write('IM', 126, 'latin1');
  const elements = Object.entries(variables).map(([name, { shape, data, kind = 9 }]) => {
    const content = Buffer.concat([
      matElement(6, bytesOf(Uint32Array.of(kind, 0))),
      matElement(5, bytesOf(Int32Array.from(shape))),
      matElement(1, Buffer.from(name)),
      matElement(typeOf.get(data.constructor) ?? 0, bytesOf(data)),
    ]);
    const matrix = matElement(14, content);
    if (!packed) return matrix;
    const stream = deflateSync(matrix);
    const tag = Buffer.alloc(8);
    tag.writeUInt32LE(15, 0);
    tag.writeUInt32LE(stream.length, 4);
    return Buffer.concat([tag, stream]);
  });
  return Buffer.concat([header, ...elements]);
}
