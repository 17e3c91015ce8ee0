import { types } from 'node:util';
import {
  allArrays,
  checkBatch,
  type Draws,
  type Feed,
  feedBinding,
  isResident,
  type StreamInputs,
} from '../../bilevel/index.js';
import { type Batch, BatchReader } from '../../data/batch-reader.js';
import { Random } from '../../data/random.js';
import { checkedCursor } from '../../data/samplers/checked.js';
import type { Cursor } from '../../data/samplers/sampler.js';
import { ShuffledBlocks, shuffled } from '../../data/samplers/shuffled.js';
import { Tensor } from '../../tensor.js';
import { inputName } from './input-name.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** Where each feed with mini-batches stands, by its name. */
export type Samplers = Readonly<Record<string, Cursor | BatchReader>>;

/** Mini-batches that a pass over all rows of a feed makes; one when every step sees all of them. */
export function batchesOf({ size, batch = size }: Feed): number {
  return Math.floor(size / batch);
}

/** The feeds of a problem at run time: their arrays, what is drawn of them, and the random keys. */
export class Batches implements Disposable {
  /** All arrays, by binding name. */
  readonly arrays: Tensors;
  readonly #draws: Draws;
  /** Random keys, int32 [2], by binding name: their first words, which the number of the draw follows. */
  readonly #keys: readonly (readonly [name: string, first: number])[];
  /** What is drawn, by how many are drawn at a time, to be written again. */
  readonly #drawn = new Map<number | undefined, Tensors>();
  /** Those of all states that there still are. */
  readonly #readers = new Set<WeakRef<BatchReader>>();

  constructor(draws: Draws) {
    this.#draws = draws;
    const ofFeeds = draws.feeds.filter(isResident).flatMap(({ key, name, feed }): [string, number][] => {
      return key === undefined ? [] : [[inputName(key), Random.fromSeed(feed.seed, `${name} augmented`).word()]];
    });
    this.#keys = [[inputName(draws.key), draws.seed], ...ofFeeds];
    this.arrays = Object.fromEntries(
      draws.feeds
        .filter(isResident)
        .flatMap(({ name, feed }) =>
          Object.entries(allArrays(feed)).map(([array, tensor]): [string, Tensor] => [
            feedBinding(name, array),
            tensor,
          ]),
        ),
    );
  }

  /**
   * Where each feed with mini-batches stands before its first one.
   * @param blocks whether mini-batches are the blocks of a fixed partition, in place of what the samplers draw
   */
  initialSamplers(blocks = false): Samplers {
    return Object.fromEntries(
      this.#draws.feeds.flatMap((inputs): [string, Cursor | BatchReader][] => {
        const { name } = inputs;
        if (!isResident(inputs)) return [[name, this.#reader(inputs)]];
        const { arrays, size, batch, seed, sampler } = inputs.feed;
        if (batch === undefined) return [];
        const random = Random.fromSeed(seed, name);
        if (blocks) return [[name, new ShuffledBlocks(size, batch, random)]];
        const cursor = sampler.start({ arrays, size, batch }, random);
        return [[name, sampler === shuffled ? cursor : checkedCursor(name, sampler, size, batch, cursor)]];
      }),
    );
  }

  #reader({ name, feed }: StreamInputs): BatchReader {
    const check = (batch: unknown, number: number): Batch => checkBatch(name, feed, batch, number);
    const reader = new BatchReader(name, feed.batches, check, feed.ahead);
    for (const known of this.#readers) if (known.deref() === undefined) this.#readers.delete(known);
    this.#readers.add(new WeakRef(reader));
    return reader;
  }

  /** Closes the streams of all states; that of one that nobody has any more closes itself. */
  [Symbol.dispose](): void {
    for (const reader of this.#readers) reader.deref()?.[Symbol.dispose]();
  }

  /**
   * Draws the next batch, or with `steps` that many, which row numbers, arrays of streams and keys then have as a
   * leading axis.
   * @param before how many were drawn before, which makes the keys different
   * @param wanted binding names of what is to be drawn; of the other feeds nothing is
   * @returns what was drawn and keys by binding name, valid until as many are drawn again
   * @throws what samplers and streams throw; ABORTED while a batch of a stream is waited for
   */
  async draw(
    samplers: Samplers,
    before: number,
    wanted: ReadonlySet<string>,
    { steps, signal }: { readonly steps?: number; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Tensors> {
    const tensors = this.#tensors(steps);
    for (const { name, drawn } of this.#draws.feeds) {
      const sampler = samplers[name];
      if (sampler === undefined || !drawn.some((node) => wanted.has(inputName(node)))) continue;
      for (let step = 0; step < (steps ?? 1); step++) {
        const values = sampler instanceof BatchReader ? await sampler.take(signal) : { index: sampler.next() };
        for (const [array, value] of Object.entries(values)) write(tensors[feedBinding(name, array)], value, step);
      }
    }
    this.#writeKeys(tensors, before, steps);
    return tensors;
  }

  /**
   * As `draw` with `steps`, but each feed's rows in their order, over and over; no sampler moves. Where the batch does
   * not divide the rows, a pass leaves some out, and which ones depends on where it starts: on `before`.
   */
  drawAll(before: number, wanted: ReadonlySet<string>, steps: number): Tensors {
    const tensors = this.#tensors(steps);
    for (const { name, feed } of this.#draws.feeds.filter(isResident)) {
      const binding = feedBinding(name, 'index');
      const rows = tensors[binding]?.data;
      if (!types.isInt32Array(rows) || feed.batch === undefined || !wanted.has(binding)) continue;
      const pass = batchesOf(feed) * feed.batch;
      const first = (before * feed.batch) % feed.size;
      for (let position = 0; position < rows.length; position++) {
        rows[position] = (first + (position % pass)) % feed.size;
      }
    }
    this.#writeKeys(tensors, before, steps);
    return tensors;
  }

  #writeKeys(tensors: Tensors, before: number, steps = 1): void {
    for (const [name, first] of this.#keys) {
      for (let step = 0; step < steps; step++) write(tensors[name], [first, before + step], step);
    }
  }

  #tensors(steps: number | undefined): Tensors {
    const known = this.#drawn.get(steps);
    if (known !== undefined) return known;
    const leading = steps === undefined ? [] : [steps];
    const inputs = [this.#draws.key, ...this.#draws.feeds.flatMap(({ drawn }) => drawn)];
    const made = Object.fromEntries(
      inputs.map((node) => [inputName(node), Tensor.zeros([...leading, ...node.shape], node.dtype)]),
    );
    this.#drawn.set(steps, made);
    return made;
  }
}

/** Writes the elements of one step, which are a row of what is drawn for several. */
function write(tensor: Tensor | undefined, value: Tensor | ArrayLike<number>, step: number): void {
  const elements = value instanceof Tensor ? value.data : value;
  (tensor?.data as { set(elements: unknown, start: number): void } | undefined)?.set(elements, step * elements.length);
}
