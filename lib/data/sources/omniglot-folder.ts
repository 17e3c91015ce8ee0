import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { types } from 'node:util';
import { BilevelError, invalidArgument } from '../../errors.js';
import { attempt } from '../files.js';
import type { IdxArray } from '../idx.js';
import { readImages } from '../images.js';
import { readNpz } from '../npz.js';
import { shrink } from '../shrink.js';
import { drawParts, samplesOf } from './parts.js';
import type { DatasetFormat } from './source.js';

const prefix = 'omniglot:';

/** The two parts that Omniglot (Lake, Salakhutdinov and Tenenbaum 2015) is distributed in, in this order. */
const halves = ['images_background', 'images_evaluation'] as const;

/** [channels, height, width] that few-shot experiments scale the drawings to. */
const usualShape = [1, 28, 28] as const;

/**
 * Characters of 50 alphabets, 20 drawings of each: every character is a class, in the order of the alphabets, those of
 * the background part first. Pixels are ink, 1 on strokes. A folder has the two parts, as folders of alphabets with a
 * folder for each character or as .npz files with `images` [characters, drawings, height, width]; or it is one of them.
 */
export const omniglotFolder: DatasetFormat = {
  specifications: [`${prefix}DIR`],
  accepts: (specification) => specification.startsWith(prefix) && specification.length > prefix.length,
  options: ['shape', 'test', 'seed'],
  async load(name, options) {
    const folder = name.slice(prefix.length);
    const { shape = usualShape } = options;
    const [channels, height = 0, width = 0, ...others] = shape;
    if (channels !== 1 || height === 0 || width === 0 || others.length > 0) {
      throw invalidArgument('shape', '[1, height, width] for drawings of Omniglot', shape);
    }
    const archives = halves.map((half) => join(folder, `${half}.npz`)).filter(existsSync);
    const parts =
      archives.length > 0 ? await readArchives(archives, [height, width]) : await readFolders(folder, shape);
    const classes = parts.flatMap((part) => part.names);
    const labels = Int32Array.from(
      parts.flatMap((part) => part.counts).flatMap((count, label) => new Array(count).fill(label)),
    );
    const inputs = { shape: [labels.length, ...shape], data: concatenated(parts.map(({ ink }) => ink)) };
    return {
      name,
      classes,
      ...samplesOf(name, { inputs, labels }, drawParts(labels.length, options), classes, undefined),
    };
  },
};

interface Part {
  /** Names of the characters. */
  readonly names: readonly string[];
  /** Drawings of each. */
  readonly counts: readonly number[];
  /** Bytes, 255 for ink. */
  readonly ink: Uint8Array;
}

/** @throws INVALID_FILE; what readNpz throws */
async function readArchives(paths: readonly string[], to: readonly [number, number]): Promise<Part[]> {
  const parts: Part[] = [];
  for (const path of paths) {
    const images = (await readNpz(path)).get('images');
    const [characters = 0, drawings = 0, height = 0, width = 0, ...others] = images?.shape ?? [];
    if (!(types.isUint8Array(images?.data) || types.isInt8Array(images?.data)) || width === 0 || others.length > 0) {
      const found = images === undefined ? 'no such array' : `[${images.shape.join(', ')}]`;
      throw new BilevelError(
        'INVALID_FILE',
        `${path}: expected images [characters, drawings, height, width] of bytes or bools, found ${found}.`,
      );
    }
    // Paper is true, and strokes are false.
    const { data } = images;
    const ink = new Uint8Array(data.length);
    for (let pixel = 0; pixel < ink.length; pixel++) if (data[pixel] === 0) ink[pixel] = 255;
    const half = path.replace(/^.*[/\\]|\.npz$/g, '');
    parts.push({
      names: Array.from({ length: characters }, (_, character) => `${half}/${character}`),
      counts: new Array(characters).fill(drawings),
      ink: shrink(ink, [height, width], to),
    });
  }
  return parts;
}

/** @throws NOT_FOUND without folders of images; what readImages throws */
async function readFolders(folder: string, shape: readonly number[]): Promise<Part[]> {
  const roots = halves.map((half) => join(folder, half)).filter(existsSync);
  const parts: Part[] = [];
  for (const root of roots.length > 0 ? roots : [folder]) {
    const entries = await attempt('list', root, () => readdir(root, { recursive: true, withFileTypes: true }));
    const files = entries
      .filter((entry) => entry.isFile() && entry.name.endsWith('.png'))
      .map(({ parentPath, name }) => join(parentPath, name))
      .toSorted();
    const characters = new Map<string, number>();
    for (const file of files) {
      const name = relative(folder, join(file, '..'));
      characters.set(name, (characters.get(name) ?? 0) + 1);
    }
    const { data } = await readImages(files, shape);
    parts.push({
      names: [...characters.keys()],
      counts: [...characters.values()],
      ink: inverted(data),
    });
  }
  if (parts.some(({ names }) => names.length === 0)) {
    throw new BilevelError(
      'NOT_FOUND',
      `${folder} has neither ${halves[0]}.npz nor folders of alphabets with a folder of .png files for each character.`,
    );
  }
  return parts;
}

/** Of black strokes on white paper. */
const inverted = (bytes: IdxArray['data']): Uint8Array => {
  const ink = new Uint8Array(bytes.length);
  for (let pixel = 0; pixel < ink.length; pixel++) ink[pixel] = 255 - (bytes[pixel] ?? 0);
  return ink;
};

function concatenated(arrays: readonly Uint8Array[]): IdxArray['data'] {
  const all = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    all.set(array, at);
    at += array.length;
  }
  return all;
}
