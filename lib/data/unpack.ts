import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { BilevelError, isError } from '../errors.js';
import { readBytes } from './files.js';

/** Largest content of a data file, in bytes, packed or not: about twenty times the MNIST training images. */
export const contentLimit = 2 ** 30;

const unzip = promisify(gunzip);

/**
 * Reads a file that may be packed with gzip, which is seen from its first two bytes.
 * @param limit most bytes, packed and unpacked
 * @throws NOT_FOUND, IO_ERROR, LIMIT_EXCEEDED; INVALID_FILE for damaged packing
 */
export async function readUnpacked(path: string, limit = contentLimit): Promise<Uint8Array> {
  const bytes = await readBytes(path, limit);
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  try {
    return await unzip(bytes, { maxOutputLength: limit });
  } catch (error) {
    if (error instanceof RangeError) {
      throw new BilevelError('LIMIT_EXCEEDED', `${path} unpacks to more than ${limit} bytes.`, { cause: error });
    }
    const reason = isError(error) ? error.message : String(error);
    throw new BilevelError('INVALID_FILE', `${path} is damaged: gzip reports "${reason}".`, { cause: error });
  }
}
