import { Worker } from 'node:worker_threads';
import { BilevelError, type ErrorCode } from '../../errors.js';
import { compiledFile } from '../../package-root.js';
import { codeOf, readBytes } from '../files.js';
import { contentLimit } from '../unpack.js';
import type { ParquetContent } from './parquet.js';
import { checkTable, type Table } from './table.js';

/** What the thread says first, once it is there to decode, and then of the file. */
export type ParquetMessage = 'begun' | ParquetReply;
export type ParquetReply = ParquetContent | { readonly code: ErrorCode; readonly message: string };

/** Memory of the thread that decodes a file, in MiB: a file that asks for more ends that thread and not the process. */
const memoryLimit = 4096;

/**
 * Seconds that a file may take, and how many more for each MiB of it: a sound one is decoded in a hundredth of that.
 * What a damaged one says of its own lengths can keep the decoder busy for ever.
 */
const [seconds, secondsForMiB] = [2, 2];

/**
 * Reads a Parquet file of flat columns, packed by Snappy, gzip or Brotli, or not at all.
 * @throws NOT_FOUND, IO_ERROR, INVALID_FILE, LIMIT_EXCEEDED
 */
export async function readParquet(path: string): Promise<Table> {
  const bytes = await readBytes(path, contentLimit);
  const { columns, size } = await decode(bytes, path);
  const table: Table = { source: path, columns, size, place: (row) => `row ${row + 1}` };
  checkTable(table);
  return table;
}

async function decode(bytes: Uint8Array, source: string): Promise<ParquetContent> {
  const worker = new Worker(compiledFile('data/tables/parquet-worker.js'), {
    workerData: { bytes, source },
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memoryLimit },
  });
  const limit = Math.ceil(seconds + (secondsForMiB * bytes.length) / 2 ** 20);
  let timer: NodeJS.Timeout | undefined;
  try {
    const reply = await new Promise<ParquetReply>((resolve, reject) => {
      const tooLong = `${source} is not read within ${limit} seconds, as a file that is not damaged would be.`;
      worker.once('error', reject).on('message', (message: ParquetMessage) => {
        if (message !== 'begun') resolve(message);
        else timer = setTimeout(() => reject(new BilevelError('LIMIT_EXCEEDED', tooLong)), 1000 * limit);
      });
      worker.once('exit', (code) =>
        reject(new Error(`The thread that reads ${source} ended with the exit code ${code}.`)),
      );
    });
    if ('code' in reply) throw new BilevelError(reply.code, reply.message);
    return reply;
  } catch (error) {
    if (codeOf(error) !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
    throw new BilevelError('LIMIT_EXCEEDED', `${source} needs more than ${memoryLimit} MiB to be read.`, {
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    await worker.terminate();
  }
}
