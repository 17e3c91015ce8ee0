import { unzipSync } from 'fflate';
import { BilevelError, isError } from '../errors.js';
import { readBytes } from './files.js';
import { type NpyArray, parseNpy } from './npy.js';
import { contentLimit } from './unpack.js';

/** Most arrays of a file. */
const mostArrays = 4096;

/**
 * Decodes a NumPy .npz file: a ZIP archive of .npy files, packed or not.
 * @param source name of the file for error messages
 * @returns the arrays by name
 * @throws INVALID_FILE, LIMIT_EXCEEDED for more than 1 GiB of content, which is seen before anything is unpacked
 */
export function parseNpz(bytes: Uint8Array, source = 'the .npz file'): ReadonlyMap<string, NpyArray> {
  let content = 0;
  let count = 0;
  const over = (what: string): BilevelError => new BilevelError('LIMIT_EXCEEDED', `${source} ${what}.`);
  let files: Record<string, Uint8Array>;
  try {
    files = unzipSync(bytes, {
      filter: ({ name, originalSize }) => {
        if (!name.endsWith('.npy')) return false;
        content += originalSize;
        if (content > contentLimit) throw over(`unpacks to more than ${contentLimit} bytes`);
        if (++count > mostArrays) throw over(`holds more than ${mostArrays} arrays`);
        return true;
      },
    });
  } catch (error) {
    if (error instanceof BilevelError) throw error;
    const reason = isError(error) ? error.message : String(error);
    throw new BilevelError('INVALID_FILE', `${source} is not a ZIP archive that can be read: ${reason}.`, {
      cause: error,
    });
  }
  return new Map(
    Object.entries(files).map(([name, file]) => [name.slice(0, -'.npy'.length), parseNpy(file, `${source}: ${name}`)]),
  );
}

/** Reads a .npz file. @throws NOT_FOUND, IO_ERROR, and as {@link parseNpz} */
export async function readNpz(path: string): Promise<ReadonlyMap<string, NpyArray>> {
  return parseNpz(await readBytes(path, contentLimit), path);
}
