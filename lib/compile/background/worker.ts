import { parentPort } from 'node:worker_threads';
import { BilevelError } from '../../errors.js';
import { compile } from '../pipeline.js';
import type { Reply, Request } from './compiler.js';
import { fromMessage } from './message.js';

/** The thread behind a BackgroundCompiler: one reply for each request. */
parentPort?.on('message', ({ spec, options }: Request) => {
  try {
    const { explain: _, ...program } = compile(fromMessage(spec), options);
    reply({ program }, [program.words.buffer, program.constants.buffer]);
  } catch (error) {
    // A copy of an error has lost its class and what is no part of every error.
    reply(error instanceof BilevelError ? { code: error.code, message: error.message } : { error });
  }
});

function reply(message: Reply, transferred: readonly ArrayBufferLike[] = []): void {
  parentPort?.postMessage(message, transferred as ArrayBuffer[]);
}
