import { setImmediate } from 'node:timers/promises';
import { aborted, BilevelError, checkRecord, invalidArgument } from '../errors.js';
import type { Tensor } from '../tensor.js';

/** The arrays of a mini-batch, by name. */
export type Batch = Readonly<Record<string, Tensor>>;

/**
 * Gives the mini-batches of a stream from number `start` on, counted from 0: a generator function, as a rule. The same
 * number must give the same batch whenever it is asked for, because a state keeps no more than how many were taken.
 */
export type BatchSource<B extends Batch = Batch> = (start: number) => Iterable<B> | AsyncIterable<B>;

interface Reading {
  iterator: Iterator<unknown> | AsyncIterator<unknown> | undefined;
  ended: boolean;
}

/** What a reader has open, apart from it: it is closed when the reader is garbage. */
interface Open {
  reading: Reading;
}

const abandoned = new FinalizationRegistry<Open>((open) => void close(open));

async function close(open: Open): Promise<void> {
  const { reading } = open;
  reading.ended = true;
  open.reading = { iterator: undefined, ended: false };
  await reading.iterator?.return?.();
}

/**
 * Reads the batches of a stream, some ahead of those that are taken, and remembers how many were taken. Its iterator is
 * closed with it, or once nobody has it any more.
 */
export class BatchReader implements Disposable {
  readonly #name: string;
  readonly #source: BatchSource;
  readonly #check: (batch: unknown, number: number) => Batch;
  readonly #most: number;
  readonly #disposal = new AbortController();
  #taken = 0;
  readonly #open: Open = { reading: { iterator: undefined, ended: false } };
  /** Batches that were asked for and not taken, in order. */
  #ahead: Promise<Batch>[] = [];
  /** When the iterator before has been closed. */
  #closed: Promise<unknown> = Promise.resolve();

  /**
   * @param name of the feed, for messages
   * @param check refuses what is no batch of the feed
   * @param ahead how many batches are read before they are needed
   */
  constructor(name: string, source: BatchSource, check: (batch: unknown, number: number) => Batch, ahead: number) {
    this.#name = name;
    this.#source = source;
    this.#check = check;
    this.#most = ahead;
    abandoned.register(this, this.#open);
  }

  /**
   * The next batch.
   * @throws what the source throws; INVALID_DATA when it has no batch left; ABORTED; DISPOSED
   */
  async take(signal: AbortSignal | undefined): Promise<Batch> {
    const { signal: disposed } = this.#disposal;
    if (this.#ahead.length === 0) this.#ask(false);
    const batch = await this.#unlessStopped(this.#ahead[0] as Promise<Batch>, [disposed, ...(signal ? [signal] : [])]);
    this.#ahead.shift();
    this.#taken++;
    while (this.#ahead.length < this.#most) this.#ask(true);
    return batch;
  }

  get state(): unknown {
    return { taken: this.#taken };
  }

  /** Goes on behind as many batches. The iterator is closed, and the next `take` asks the source for another one. */
  restore(state: unknown): void {
    checkRecord(state, `the state of the feed ${this.#name}`);
    const { taken } = state as { readonly taken?: unknown };
    if (!Number.isSafeInteger(taken) || Number(taken) < 0) {
      throw invalidArgument(`taken in the state of the feed ${this.#name}`, 'a number of batches', taken);
    }
    this.#taken = Number(taken);
    this.#closed = this.#close();
    // The next batch waits for it and fails as it does.
    this.#closed.catch(() => undefined);
  }

  /** Closes the iterator. What fails in it then is nobody's to handle. */
  [Symbol.dispose](): void {
    this.#disposal.abort();
    void this.#close();
  }

  #close(): Promise<void> {
    this.#ahead = [];
    return close(this.#open);
  }

  /**
   * Asks for one batch more. Those ahead wait for a turn of the event loop, in which the run that they overlap with is
   * begun.
   */
  #ask(later: boolean): void {
    const number = this.#taken + this.#ahead.length;
    const { reading } = this.#open;
    const before = this.#ahead.at(-1) ?? this.#closed;
    const batch = before.then(async () => {
      if (later) await setImmediate();
      return this.#read(reading, number);
    });
    // Whoever takes it learns of its failure.
    batch.catch(() => undefined);
    this.#ahead.push(batch);
  }

  /** A source that ends is asked for the batches that follow. */
  async #read(reading: Reading, number: number): Promise<Batch> {
    for (;;) {
      if (reading.ended) throw new BilevelError('ABORTED', `The feed ${this.#name} is no longer read.`);
      const isNew = reading.iterator === undefined;
      reading.iterator ??= this.#iterate(number);
      const { done, value } = await reading.iterator.next();
      if (done !== true) return this.#check(value, number);
      if (isNew) {
        throw new BilevelError(
          'INVALID_DATA',
          `The feed ${this.#name} ended: its function gave no batch when it was asked for those from number ${number} on.`,
        );
      }
      reading.iterator = undefined;
    }
  }

  #iterate(start: number): Iterator<unknown> | AsyncIterator<unknown> {
    // Called as a method it would be given this reader, which a generator then keeps.
    const source = this.#source;
    const batches = source(start) as Partial<Iterable<unknown> & AsyncIterable<unknown>>;
    const iterator = batches?.[Symbol.asyncIterator]?.() ?? batches?.[Symbol.iterator]?.();
    if (iterator !== undefined) return iterator;
    throw invalidArgument(`what the function of the feed ${this.#name} returns`, 'an iterable of batches', batches);
  }

  #unlessStopped<T>(promise: Promise<T>, signals: readonly AbortSignal[]): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const stop = (): void => reject(this.#stopped(signals));
      const forget = (): void => {
        for (const signal of signals) signal.removeEventListener('abort', stop);
      };
      if (signals.some((signal) => signal.aborted)) stop();
      for (const signal of signals) signal.addEventListener('abort', stop);
      promise.then(resolve, reject).finally(forget);
    });
  }

  #stopped(signals: readonly AbortSignal[]): BilevelError {
    if (this.#disposal.signal.aborted) return new BilevelError('DISPOSED', 'The solver was disposed of.');
    const reason: unknown = signals.find((signal) => signal.aborted)?.reason;
    return aborted(`The run was stopped while it waited for a batch of the feed ${this.#name}`, reason);
  }
}
