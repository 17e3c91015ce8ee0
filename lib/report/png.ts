import { encode } from 'fast-png';
import type { Tensor } from '../tensor.js';

/** Bytes of an image by pixels from the top left, and by channels within a pixel. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

/**
 * One image of a batch as a PNG file: three channels in colour, otherwise the first in grey. Values from 0 to 1 go from
 * black to white; an image with others is stretched over its own range.
 */
export const pngOf = (images: Tensor<'float32'>, index: number): Uint8Array => fileOf(pixelsOf(images, index));

/** Images of a batch as one PNG file, each as {@link pngOf} shows it, in rows of so many with a line between them. */
export function contactSheet(images: Tensor<'float32'>, indices: readonly number[], columns: number): Uint8Array {
  const [, , height = 0, width = 0] = images.shape;
  const across = Math.min(columns, indices.length);
  const down = Math.ceil(indices.length / columns);
  const sheet = { width: across * (width + 1) - 1, height: down * (height + 1) - 1 };
  const tiles = indices.map((index) => pixelsOf(images, index));
  const channels = tiles[0]?.channels ?? 1;
  const data = new Uint8Array(sheet.width * sheet.height * channels).fill(128);
  for (const [at, tile] of tiles.entries()) {
    const [left, top] = [(at % columns) * (width + 1), Math.floor(at / columns) * (height + 1)];
    for (let line = 0; line < height; line++) {
      const row = tile.data.subarray(line * width * channels, (line + 1) * width * channels);
      data.set(row, ((top + line) * sheet.width + left) * channels);
    }
  }
  return fileOf({ ...sheet, channels, data });
}

const fileOf = (pixels: Pixels): Uint8Array => encode({ ...pixels, depth: 8 });

function pixelsOf(images: Tensor<'float32'>, index: number): Pixels {
  const [, channels = 0, height = 0, width = 0] = images.shape;
  const size = height * width;
  const shown = channels === 3 ? 3 : 1;
  const values = images.data.subarray(index * channels * size, index * channels * size + shown * size);
  const low = values.reduce((a, b) => Math.min(a, b), 0);
  const high = values.reduce((a, b) => Math.max(a, b), 1);
  const data = new Uint8Array(shown * size);
  for (let channel = 0; channel < shown; channel++) {
    for (let pixel = 0; pixel < size; pixel++) {
      const value = Number(values[channel * size + pixel]);
      data[pixel * shown + channel] = Math.round(((value - low) / (high - low)) * 255);
    }
  }
  return { width, height, channels: shown, data };
}
