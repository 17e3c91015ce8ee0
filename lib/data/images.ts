import { BilevelError, invalidArgument, isError } from '../errors.js';
import type { Shape } from '../tensor.js';
import { readBytes } from './files.js';
import type { IdxArray } from './idx.js';
import { contentLimit } from './unpack.js';

type Sharp = typeof import('sharp').default;

/** Longest file, and most pixels of an image. */
const fileLimit = 2 ** 27;
const pixelLimit = 2 ** 26;

/** Files that are open at a time. */
const readers = 8;

/** Formats that are read, as sharp calls them; others, such as SVG, may hold more than pixels. */
const formats: ReadonlySet<string> = new Set(['png', 'jpeg', 'webp', 'gif', 'tiff', 'heif']);

/** @throws NOT_FOUND when the optional package is not installed */
async function loadSharp(): Promise<Sharp> {
  try {
    return (await import('sharp')).default;
  } catch (cause) {
    const message = 'Images are read by the package sharp, which is not installed. Install it with: npm install sharp';
    throw new BilevelError('NOT_FOUND', message, { cause });
  }
}

/** @throws INVALID_ARGUMENT for a shape that images cannot be scaled to */
export function checkImageShape(shape: Shape | undefined): void {
  if (shape === undefined) return;
  if (shape.length !== 3) throw invalidArgument('shape', '[channels, height, width] for images', shape);
  if (shape[0] !== 1 && shape[0] !== 3) throw invalidArgument('shape', '1 or 3 channels for images', shape);
}

/**
 * Reads image files of one size, bytes [n, channels, height, width]: grey (1 channel) where all are grey, otherwise
 * red, green and blue. What is transparent becomes white, and an image is turned as its file says.
 * @param shape [channels, height, width] to scale the images to; by default all must have one size
 * @throws NOT_FOUND without the package sharp; naming the file INVALID_FILE, LIMIT_EXCEEDED, IO_ERROR, and INVALID_DATA
 *   for one of another size
 */
export async function readImages(paths: readonly string[], shape?: Shape): Promise<IdxArray> {
  const sharp = await loadSharp();
  const wanted = shape ?? (await commonShape(sharp, paths));
  const [channels = 0, height = 0, width = 0] = wanted;
  const size = channels * height * width;
  if (paths.length * size > contentLimit) {
    throw new BilevelError(
      'LIMIT_EXCEEDED',
      `${paths.length} images of [${wanted.join(', ')}] take more than ${contentLimit} bytes; give a smaller shape.`,
    );
  }
  const data = new Uint8Array(paths.length * size);
  await forEach(paths, async (path, index) => {
    const image = await open(sharp, path);
    const scaled = image.resize({ width, height, fit: 'fill' }).flatten({ background: 'white' });
    const coloured = channels === 1 ? scaled.greyscale() : scaled.toColourspace('srgb');
    const pixels = await decoded(path, () => coloured.raw().toBuffer());
    // Grey files stay of one channel, and some colours are kept in more than three.
    const stored = pixels.length / (height * width);
    for (let channel = 0; channel < channels; channel++) {
      const from = stored < channels ? 0 : channel;
      for (let pixel = 0; pixel < height * width; pixel++) {
        data[index * size + channel * height * width + pixel] = pixels[pixel * stored + from] ?? 0;
      }
    }
  });
  return { shape: [paths.length, ...wanted], data };
}

/** @throws INVALID_DATA naming the first image of another size */
async function commonShape(sharp: Sharp, paths: readonly string[]): Promise<Shape> {
  const sizes: { readonly width: number; readonly height: number; readonly channels: number }[] = [];
  await forEach(paths, async (path, index) => {
    const image = await open(sharp, path);
    const { autoOrient, channels, hasAlpha } = await decoded(path, () => image.metadata());
    sizes[index] = { ...autoOrient, channels: Number(channels) - (hasAlpha ? 1 : 0) };
  });
  const [first] = sizes;
  const other = sizes.findIndex(({ width, height }) => width !== first?.width || height !== first?.height);
  if (other >= 0) {
    throw new BilevelError(
      'INVALID_DATA',
      `${paths[other]} has ${sizes[other]?.width} x ${sizes[other]?.height} pixels but ${paths[0]} ${first?.width} x ${first?.height}: ` +
        'give the option shape, [channels, height, width], to which all are scaled.',
    );
  }
  const channels = sizes.every((each) => each.channels === 1) ? 1 : 3;
  return [channels, first?.height ?? 0, first?.width ?? 0];
}

async function open(sharp: Sharp, path: string): Promise<import('sharp').Sharp> {
  const image = sharp(await readBytes(path, fileLimit), {
    limitInputPixels: pixelLimit,
  }).autoOrient();
  const { format, width, height } = await decoded(path, () => image.metadata());
  if (!formats.has(format)) {
    throw new BilevelError('INVALID_FILE', `${path} is of the format ${format}; ${[...formats].join(', ')} are read.`);
  }
  if (width * height > pixelLimit) {
    throw new BilevelError(
      'LIMIT_EXCEEDED',
      `${path} has ${width} x ${height} pixels; at most ${pixelLimit} are read.`,
    );
  }
  return image;
}

/** @throws INVALID_FILE naming the file, with what sharp says */
async function decoded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = isError(cause) ? cause.message : String(cause);
    throw new BilevelError('INVALID_FILE', `${path} is not an image that can be read: ${reason}.`, { cause });
  }
}

/** Does some of the work at a time; the first failure ends it. */
async function forEach<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async (): Promise<void> => {
    while (next < items.length && !failed) {
      const index = next++;
      try {
        await work(items[index] as T, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  await Promise.all(Array.from({ length: readers }, worker));
}
