import { parentPort, workerData } from 'node:worker_threads';
import { BilevelError } from '../../errors.js';
import { parseParquet } from './parquet.js';
import type { ParquetMessage, ParquetReply } from './parquet-table.js';

/** The thread that decodes one file. */
const { bytes, source } = workerData as { readonly bytes: Uint8Array; readonly source: string };
const say = (message: ParquetMessage): void => parentPort?.postMessage(message);
say('begun');
const reply: ParquetReply = await parseParquet(bytes, source).catch((error: unknown) => {
  if (error instanceof BilevelError) return { code: error.code, message: error.message };
  throw error;
});
say(reply);
