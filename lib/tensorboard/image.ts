import { types } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { invalidArgument } from '../errors.js';
import { pngOf } from '../report/png.js';
import { formatType, Tensor } from '../tensor.js';
import { type Summary_Image, Summary_ImageSchema } from './schema/event_pb.js';

const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
/** Bytes of the signature, and of the header behind it. */
const headerBytes = 33;
/** Channels by the kind of a PNG file's pixels; those of a palette are colours. */
const channels: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 3, 4: 2, 6: 4 };

/** PNG files by tag: of an image, or of each image of a batch. @throws INVALID_ARGUMENT */
export function imagesOf(name: string, image: Tensor<'float32'> | Uint8Array): (readonly [string, Uint8Array])[] {
  if (types.isUint8Array(image)) {
    const isPng = image.length >= headerBytes && signature.every((byte, at) => image[at] === byte);
    if (!isPng) throw invalidArgument('image', 'the bytes of a PNG file', image);
    return [[name, image]];
  }
  if (!(image instanceof Tensor)) throw invalidArgument('image', 'a Tensor or the bytes of a PNG file', image);
  const { shape, dtype, size, data } = image;
  if (dtype !== 'float32' || !(shape.length === 3 || shape.length === 4) || size === 0) {
    const expected = 'float32 [channels, height, width] or [images, channels, height, width]';
    throw invalidArgument('image', expected, formatType(image));
  }
  if (shape.length === 3) return [[name, pngOf(Tensor.over(data, [1, ...shape]), 0)]];
  return Array.from({ length: Number(shape[0]) }, (_, index) => [`${name}/${index}`, pngOf(image, index)] as const);
}

/** A PNG file with what TensorBoard wants to know of it. */
export function imageOf(png: Uint8Array): Summary_Image {
  const header = new DataView(png.buffer, png.byteOffset, png.byteLength);
  return create(Summary_ImageSchema, {
    width: header.getUint32(16),
    height: header.getUint32(20),
    colorspace: channels[header.getUint8(25)] ?? 3,
    encodedImageString: png,
  });
}
