import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { BilevelError, type ErrorCode, isError } from '../../errors.js';
import { compiledFile } from '../../package-root.js';
import type { CompileOptions } from '../options.js';
import { type CompiledProgram, explained } from '../pipeline.js';
import type { ProgramSpec } from '../spec.js';
import { type SpecMessage, toMessage } from './message.js';

export interface Request {
  readonly spec: SpecMessage;
  readonly options: CompileOptions;
}

export type Reply =
  | { readonly program: Omit<CompiledProgram, 'explain'> }
  | { readonly code: ErrorCode; readonly message: string }
  | { readonly error: unknown };

/** Compiles in a thread of its own, which begins with the first program and ends with `dispose`. */
export class BackgroundCompiler implements Disposable {
  readonly #file: URL;
  readonly #signal: AbortSignal | undefined;
  #worker: Worker | undefined;

  /**
   * @param signal ends the thread, also in the middle of a program
   * @param file what the thread runs
   */
  constructor(signal?: AbortSignal, file = compiledFile('compile/background/worker.js')) {
    this.#signal = signal;
    this.#file = file;
  }

  /**
   * As `compile`, one program at a time; the graph is read before this returns.
   * @throws what `compile` throws; ABORTED; NOT_FOUND when the file of the thread is not there
   */
  async compile(spec: ProgramSpec, options: CompileOptions = {}): Promise<CompiledProgram> {
    this.#signal?.throwIfAborted();
    // Flags of the process, such as the type of its own input, are not for this file.
    this.#worker ??= new Worker(this.#file, { execArgv: [] });
    const reply = await this.#ask(this.#worker, { spec: toMessage(spec), options });
    if ('program' in reply) return explained(reply.program);
    throw 'code' in reply ? new BilevelError(reply.code, reply.message) : reply.error;
  }

  #ask(worker: Worker, request: Request): Promise<Reply> {
    const signal = this.#signal;
    return new Promise<Reply>((resolve, reject) => {
      const settle = (action: () => void): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        signal?.removeEventListener('abort', onAbort);
        action();
      };
      const onMessage = (reply: Reply): void => settle(() => resolve(reply));
      const onError = (error: unknown): void => settle(() => reject(this.#startError(error)));
      const onExit = (code: number): void =>
        settle(() => reject(new Error(`The thread that compiles ended with the exit code ${code}.`)));
      const onAbort = (): void => settle(() => reject(signal?.reason));
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      signal?.addEventListener('abort', onAbort);
      worker.postMessage(request);
    });
  }

  #startError(error: unknown): unknown {
    const isMissing = isError(error) && 'code' in error && String(error.code).endsWith('MODULE_NOT_FOUND');
    if (!isMissing) return error;
    return new BilevelError(
      'NOT_FOUND',
      `The thread that compiles cannot be started from ${fileURLToPath(this.#file)}. If the package was bundled, leave it out of the ` +
        'bundle (as an external module): it loads this file and its native addon from its own folder.',
      { cause: error },
    );
  }

  /** Ends the thread. */
  [Symbol.dispose](): void {
    void this.#worker?.terminate();
  }
}
