import { createHash, type Hash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { attempt, readBytes } from '../data/files.js';
import { BilevelError, isRecord } from '../errors.js';
import { printableJson } from '../printable.js';
import { parseRecord } from './record.js';

/** How much of the metrics there was at some time. */
export interface MetricsExtent {
  readonly bytes: number;
  /** Of these bytes, as hexadecimal digits. */
  readonly sha256: string;
}

export const isMetricsExtent = (value: unknown): value is MetricsExtent =>
  isRecord(value) && Number.isSafeInteger(value.bytes) && Number(value.bytes) >= 0 && typeof value.sha256 === 'string';

/** The metrics of a run: one JSON object per line, only ever appended to. */
export class MetricsFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #hash: Hash;
  #bytes: number;

  private constructor(path: string, handle: FileHandle, hash: Hash, bytes: number) {
    this.#path = path;
    this.#handle = handle;
    this.#hash = hash;
    this.#bytes = bytes;
  }

  /**
   * Opens the file, or makes it, and cuts off what came after `extent`.
   * @throws INVALID_FILE when what the extent tells of is not there any more as it was; IO_ERROR
   */
  static async open(
    path: string,
    { bytes, sha256 }: MetricsExtent = { bytes: 0, sha256: emptyHash },
  ): Promise<MetricsFile> {
    const handle = await attempt('open', path, () => open(path, 'a+'));
    try {
      const hash = createHash('sha256');
      const { size } = await handle.stat();
      if (size < bytes) throw lostLines(path, size, bytes);
      if (bytes > 0) hash.update((await readBytes(path)).subarray(0, bytes));
      if (hash.copy().digest('hex') !== sha256) throw notAsWritten(path);
      await attempt('truncate', path, () => handle.truncate(bytes));
      return new MetricsFile(path, handle, hash, bytes);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Appends a line. JSON keeps a number that is not finite as null. @throws IO_ERROR */
  async append(row: object): Promise<void> {
    const line = Buffer.from(`${printableJson(row)}\n`);
    await attempt('write', this.#path, () => this.#handle.appendFile(line));
    this.#hash.update(line);
    this.#bytes += line.length;
  }

  /** All lines. @throws IO_ERROR, INVALID_FILE */
  async read(): Promise<Record<string, unknown>[]> {
    return linesOf(this.#path, await readBytes(this.#path));
  }

  /** Makes what was appended so far durable, and tells how much it is. @throws IO_ERROR */
  async sync(): Promise<MetricsExtent> {
    await attempt('write', this.#path, () => this.#handle.sync());
    return { bytes: this.#bytes, sha256: this.#hash.copy().digest('hex') };
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

const emptyHash = createHash('sha256').digest('hex');

/**
 * The lines of a file that nobody may write to, up to an extent, or all.
 * @throws INVALID_FILE when what the extent tells of is not there as it was; NOT_FOUND, IO_ERROR
 */
export async function readMetrics(path: string, extent?: MetricsExtent): Promise<Record<string, unknown>[]> {
  const all = await readBytes(path);
  if (extent === undefined) return linesOf(path, all);
  if (all.length < extent.bytes) throw lostLines(path, all.length, extent.bytes);
  const bytes = all.subarray(0, extent.bytes);
  if (createHash('sha256').update(bytes).digest('hex') !== extent.sha256) throw notAsWritten(path);
  return linesOf(path, bytes);
}

function linesOf(path: string, bytes: Uint8Array): Record<string, unknown>[] {
  const lines = new TextDecoder().decode(bytes).split('\n').slice(0, -1);
  return lines.map((line, index) => parseRecord(line, `Line ${index + 1} of ${path}`));
}

const lostLines = (path: string, size: number, bytes: number): BilevelError =>
  new BilevelError('INVALID_FILE', `${path} has lost lines: ${size} bytes where the checkpoint counted ${bytes}.`);

const notAsWritten = (path: string): BilevelError =>
  new BilevelError(
    'INVALID_FILE',
    `${path} is not as it was written: it does not fit the checksum that the checkpoint keeps of it.`,
  );
