import { BilevelError, checkRecord, invalidArgument } from '../../errors.js';
import { Random, type RandomState } from '../random.js';
import type { Cursor, Sampler } from './sampler.js';

/** Every epoch a new random order of all rows, cut into mini-batches. */
export const shuffled: Sampler = Object.freeze<Sampler>({
  description: 'shuffled',
  distinct: true,
  start: ({ size, batch }, random) => new ShuffledRows(size, batch, random),
});

/** Where a shuffled order stands, as plain JSON. */
export interface ShuffledState {
  readonly count: number;
  readonly batch: number;
  /** Generator state from which the present epoch's order was drawn. */
  readonly random: RandomState;
  /** Batches of the present epoch that were handed out. */
  readonly position: number;
}

/**
 * Draws mini-batches of row numbers: each epoch is a new random order of all rows, cut into batches without
 * replacement. Every batch is full, because programs have static shapes: rows that do not fill a last batch sit out
 * that epoch, and which rows those are changes from epoch to epoch.
 */
export class ShuffledRows implements Cursor {
  readonly count: number;
  readonly batch: number;
  #random: Random;
  #epochStart: RandomState;
  #order: Int32Array;
  #position = 0;

  /**
   * @param count rows of the data set
   * @param batch rows of a batch
   * @throws INVALID_ARGUMENT unless 1 <= batch <= count
   */
  constructor(count: number, batch: number, random: Random) {
    if (!Number.isInteger(count) || count < 1) throw invalidArgument('count', 'a positive number of samples', count);
    if (!Number.isInteger(batch) || batch < 1) throw invalidArgument('batch', 'a positive number of samples', batch);
    if (batch > count) throw invalidArgument('batch', `at most the ${count} samples there are`, batch);
    this.count = count;
    this.batch = batch;
    this.#random = random;
    this.#epochStart = random.state;
    this.#order = random.permutation(count);
  }

  get batchesPerEpoch(): number {
    return Math.floor(this.count / this.batch);
  }

  /** The next batch, or with `batches` the next ones one after the other: int32 row numbers, [batches * batch]. */
  next(batches = 1): Int32Array {
    if (!Number.isInteger(batches) || batches < 1) throw invalidArgument('batches', 'a positive integer', batches);
    const rows = new Int32Array(batches * this.batch);
    for (let index = 0; index < batches; index++) {
      if (this.#position === this.batchesPerEpoch) this.#startEpoch();
      const start = this.#position++ * this.batch;
      rows.set(this.#order.subarray(start, start + this.batch), index * this.batch);
    }
    return rows;
  }

  #startEpoch(): void {
    this.#epochStart = this.#random.state;
    this.#order = this.#random.permutation(this.count);
    this.#position = 0;
  }

  get state(): ShuffledState {
    return { count: this.count, batch: this.batch, random: this.#epochStart, position: this.#position };
  }

  /**
   * Continues exactly where the state was taken.
   * @throws STATE_MISMATCH when it is of a sampler over other sizes, INVALID_ARGUMENT when it is damaged
   */
  restore(saved: unknown): void {
    checkRecord(saved, 'the state of a sampler');
    const state = saved as ShuffledState;
    if (state.count !== this.count || state.batch !== this.batch) {
      throw new BilevelError(
        'STATE_MISMATCH',
        `The sampler state is for batches of ${state.batch} from ${state.count} samples, ` +
          `not ${this.batch} from ${this.count}.`,
      );
    }
    const { position } = state;
    if (!Number.isInteger(position) || position < 0 || position > this.batchesPerEpoch) {
      throw invalidArgument('state.position', `an integer from 0 to ${this.batchesPerEpoch}`, position);
    }
    this.#random = Random.fromState(state.random);
    this.#startEpoch();
    this.#position = position;
  }
}

/**
 * Draws the blocks of a fixed partition of the rows: rows 0 to batch - 1, the next `batch` rows, and so on. Each epoch
 * is a new random order of all blocks.
 */
export class ShuffledBlocks implements Cursor {
  readonly batch: number;
  readonly #blocks: ShuffledRows;

  /** @throws INVALID_ARGUMENT unless `batch` divides `count` */
  constructor(count: number, batch: number, random: Random) {
    if (!Number.isInteger(count / batch)) throw invalidArgument('batch', `a divisor of the ${count} samples`, batch);
    this.batch = batch;
    this.#blocks = new ShuffledRows(count / batch, 1, random);
  }

  /** The next block, or with `blocks` the next ones one after the other: int32 row numbers, [blocks * batch]. */
  next(blocks = 1): Int32Array {
    const numbers = this.#blocks.next(blocks);
    return Int32Array.from({ length: blocks * this.batch }, (_, position) => {
      const row = position % this.batch;
      return (numbers[(position - row) / this.batch] ?? 0) * this.batch + row;
    });
  }

  /** That of a sampler of block numbers. */
  get state(): ShuffledState {
    return this.#blocks.state;
  }

  /** @throws as {@link ShuffledRows} */
  restore(state: unknown): void {
    this.#blocks.restore(state);
  }
}
