import { type Draws, type Feed, feedBinding } from '../../bilevel/index.js';
import { Random } from '../../data/random.js';
import { checkedCursor } from '../../data/samplers/checked.js';
import type { Cursor } from '../../data/samplers/sampler.js';
import { ShuffledBlocks, shuffled } from '../../data/samplers/shuffled.js';
import { Tensor } from '../../tensor.js';

/** Where each feed with mini-batches stands, by its name. */
export type Samplers = Readonly<Record<string, Cursor>>;

/** Mini-batches that a pass over all rows of a feed makes; one when every step sees all of them. */
export function batchesOf({ size, batch = size }: Feed): number {
  return Math.floor(size / batch);
}

/** The feeds of a problem at run time: their arrays, the row numbers of the present batches, and their random keys. */
export class Batches {
  /** All arrays, by binding name. */
  readonly arrays: Readonly<Record<string, Tensor>>;
  readonly #draws: Draws;
  /** Row numbers and keys by how many are drawn at a time, to be written again. */
  readonly #drawn = new Map<number | undefined, Readonly<Record<string, Tensor<'int32'>>>>();

  constructor(draws: Draws) {
    this.#draws = draws;
    this.arrays = Object.fromEntries(
      draws.feeds.flatMap(({ name, feed }) =>
        Object.entries(feed.arrays).map(([array, tensor]): [string, Tensor] => [feedBinding(name, array), tensor]),
      ),
    );
  }

  /**
   * Cursors before their first mini-batch, one for each feed with mini-batches.
   * @param blocks whether mini-batches are the blocks of a fixed partition, in place of what the samplers draw
   */
  initialSamplers(blocks = false): Samplers {
    return Object.fromEntries(
      this.#draws.feeds.flatMap(({ name, feed }): [string, Cursor][] => {
        const { arrays, size, batch, seed, sampler } = feed;
        if (batch === undefined) return [];
        const random = Random.fromSeed(seed, name);
        if (blocks) return [[name, new ShuffledBlocks(size, batch, random)]];
        const cursor = sampler.start({ arrays, size, batch }, random);
        return [[name, sampler === shuffled ? cursor : checkedCursor(name, sampler, size, batch, cursor)]];
      }),
    );
  }

  /**
   * Draws the next batch, or with `steps` that many, which row numbers and keys then have as a leading axis.
   * @param before how many were drawn before, which makes the keys different
   * @param wanted binding names of the row numbers to draw; of the other feeds nothing is drawn
   * @returns row numbers and keys by binding name, valid until as many are drawn again
   */
  draw(
    samplers: Samplers,
    before: number,
    wanted: ReadonlySet<string>,
    steps?: number,
  ): Readonly<Record<string, Tensor<'int32'>>> {
    const tensors = this.#tensors(steps);
    for (const { name, feed } of this.#draws.feeds) {
      const binding = feedBinding(name, 'index');
      const [cursor, rows] = [samplers[name], tensors[binding]?.data];
      if (cursor === undefined || rows === undefined || !wanted.has(binding)) continue;
      for (let start = 0; start < rows.length; start += feed.batch ?? rows.length) rows.set(cursor.next(), start);
    }
    this.#writeKeys(tensors, before, steps);
    return tensors;
  }

  /**
   * As `draw` with `steps`, but each feed's rows in their order, over and over; no sampler moves. Where the batch does not
   * divide the rows, a pass leaves some out, and which ones depends on where it starts: on `before`.
   */
  drawAll(before: number, wanted: ReadonlySet<string>, steps: number): Readonly<Record<string, Tensor<'int32'>>> {
    const tensors = this.#tensors(steps);
    for (const { name, feed } of this.#draws.feeds) {
      const binding = feedBinding(name, 'index');
      const rows = tensors[binding]?.data;
      if (rows === undefined || feed.batch === undefined || !wanted.has(binding)) continue;
      const pass = batchesOf(feed) * feed.batch;
      const first = (before * feed.batch) % feed.size;
      for (let position = 0; position < rows.length; position++) {
        rows[position] = (first + (position % pass)) % feed.size;
      }
    }
    this.#writeKeys(tensors, before, steps);
    return tensors;
  }

  #writeKeys({ key }: Readonly<Record<string, Tensor<'int32'>>>, before: number, steps = 1): void {
    for (let step = 0; step < steps; step++) key?.data.set([this.#draws.seed, before + step], 2 * step);
  }

  #tensors(steps: number | undefined): Readonly<Record<string, Tensor<'int32'>>> {
    const known = this.#drawn.get(steps);
    if (known !== undefined) return known;
    const leading = steps === undefined ? [] : [steps];
    const indices = this.#draws.feeds.flatMap(({ name, feed: { batch } }): [string, Tensor<'int32'>][] =>
      batch === undefined ? [] : [[feedBinding(name, 'index'), Tensor.zeros([...leading, batch], 'int32')]],
    );
    const made = { key: Tensor.zeros([...leading, 2], 'int32'), ...Object.fromEntries(indices) };
    this.#drawn.set(steps, made);
    return made;
  }
}
