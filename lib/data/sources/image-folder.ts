import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { BilevelError } from '../../errors.js';
import { attempt } from '../files.js';
import { checkImageShape, readImages } from '../images.js';
import { drawParts, samplesOf } from './parts.js';
import type { DatasetFormat } from './source.js';

const prefix = 'folder:';
const extensions = /\.(png|jpe?g|webp|gif|tiff?|avif)$/i;

/** Most samples and most classes. */
const mostSamples = 2 ** 20;
const mostClasses = 1000;

/** A folder with a folder for each class, named as the class, with its images. */
export const imageFolder: DatasetFormat = {
  specifications: [`${prefix}DIR`],
  accepts: (specification) => specification.startsWith(prefix) && specification.length > prefix.length,
  options: ['shape', 'test', 'seed', 'like'],
  async load(name, options) {
    const folder = name.slice(prefix.length);
    const { like } = options;
    const shape = options.shape ?? like?.train.inputShape;
    checkImageShape(shape);
    const found = await listClasses(folder);
    const classes = like?.classes ?? found.map(({ name }) => name);
    if (classes.length < 2) throw new BilevelError('INVALID_DATA', `${folder} has images of one class alone.`);
    const unknown = found.find(({ name }) => !classes.includes(name));
    if (unknown !== undefined) {
      throw new BilevelError(
        'INVALID_DATA',
        `${join(folder, unknown.name)}: the folder is none of the classes ${classes.slice(0, 20).join(', ')}.`,
      );
    }
    const files = found.flatMap(({ files }) => files);
    const labels = Int32Array.from(found.flatMap(({ name, files }) => files.map(() => classes.indexOf(name))));
    const inputs = await readImages(
      files.map((file) => join(folder, file)),
      shape,
    );
    const parts = drawParts(files.length, options);
    return {
      name,
      classes,
      ...samplesOf(name, { inputs, labels }, parts, classes, undefined),
      records: {
        columns: ['file', 'label'],
        label: 'label',
        // The folder is the class, which is told beside it.
        name: (sample) => basename(files[parts.train[sample] ?? -1] ?? ''),
        row: (sample) => {
          const at = parts.train[sample] ?? -1;
          return [files[at] ?? '', classes[labels[at] ?? -1] ?? ''];
        },
      },
    };
  },
};

/** A class and paths of its samples. */
export interface ClassFiles {
  readonly name: string;
  readonly files: readonly string[];
}

/** Which files of a class are samples. */
interface SampleFiles {
  accepts(file: string): boolean;
  /** What they are, for messages. */
  readonly what: string;
}

const images: SampleFiles = { accepts: (file) => extensions.test(file), what: 'images' };

/**
 * The classes of a folder that has a folder for each, in the order of their names, each with its samples within the
 * folder in the order of theirs.
 * @throws NOT_FOUND, IO_ERROR, INVALID_FILE where there are none, LIMIT_EXCEEDED
 */
export async function listClasses(folder: string, samples = images): Promise<ClassFiles[]> {
  const entries = await list(folder);
  const names = entries.filter((entry) => !entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  const classes = await Promise.all(
    names.toSorted().map(async (name) => {
      const files = (await list(join(folder, name))).map((entry) => entry.name).filter(samples.accepts);
      return { name, files: files.toSorted().map((file) => join(name, file)) };
    }),
  );
  const filled = classes.filter(({ files }) => files.length > 0);
  if (filled.length === 0) {
    const kinds = samples === images ? ' (png, jpg, webp, gif, tif or avif)' : '';
    const expected = `a folder for each class with ${samples.what} in it${kinds}`;
    throw new BilevelError('INVALID_FILE', `${folder} does not have ${expected}.`);
  }
  const count = filled.reduce((sum, { files }) => sum + files.length, 0);
  if (count > mostSamples || filled.length > mostClasses) {
    throw new BilevelError(
      'LIMIT_EXCEEDED',
      `${folder} has ${count} ${samples.what} of ${filled.length} classes; at most ${mostSamples} of ${mostClasses} are read.`,
    );
  }
  return filled;
}

function list(folder: string): Promise<Dirent[]> {
  return attempt('list', folder, () => readdir(folder, { withFileTypes: true }));
}
