import { encode } from 'fast-png';
import type { Tensor } from '../tensor.js';

/**
 * One image of a batch as a PNG file: three channels in colour, otherwise the first in grey. Values from 0 to 1 go from
 * black to white; an image with others is stretched over its own range.
 */
export function pngOf(images: Tensor<'float32'>, index: number): Uint8Array {
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
  return encode({ width, height, data, depth: 8, channels: shown });
}
