import { type Draws, feedBinding } from '../bilevel/index.js';
import { Random } from '../data/random.js';
import { BatchSampler, type SamplerState } from '../data/sampler.js';
import { Tensor } from '../tensor.js';

/** Draws row numbers: the next `batches` mini-batches one after the other. Its state is plain JSON. */
export interface Sampler {
  readonly state: SamplerState;
  next(batches?: number): Int32Array;
  restore(state: SamplerState): void;
}

export type Samplers = Readonly<Record<string, Sampler>>;

/** The feeds of a problem at run time: their arrays, the row numbers of the present batches, and their random keys. */
export class Batches {
  /** All arrays, row numbers and keys, by binding name. */
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly #draws: Draws;
  readonly #steps: number | undefined;
  readonly #indices: ReadonlyMap<string, Tensor<'int32'>>;
  readonly #keys: Tensor<'int32'>;

  /**
   * @param steps batches drawn at a time, which row numbers and keys then have as a leading axis; by default one,
   * without it
   */
  constructor(draws: Draws, steps?: number) {
    const { feeds } = draws;
    this.#draws = draws;
    this.#steps = steps;
    this.#indices = new Map(
      feeds.flatMap(({ name, feed: { batch } }): [string, Tensor<'int32'>][] =>
        batch === undefined ? [] : [[name, Tensor.zeros(steps === undefined ? [batch] : [steps, batch], 'int32')]],
      ),
    );
    this.#keys = Tensor.zeros(steps === undefined ? [2] : [steps, 2], 'int32');
    this.tensors = Object.fromEntries([
      ['key', this.#keys],
      ...feeds.flatMap(({ name, feed }) =>
        Object.entries(feed.arrays).map(([array, tensor]): [string, Tensor] => [feedBinding(name, array), tensor]),
      ),
      ...[...this.#indices].map(([name, tensor]): [string, Tensor] => [feedBinding(name, 'index'), tensor]),
    ]);
  }

  /** New samplers at the start of their first epoch, one for each feed with mini-batches. */
  initialSamplers(): Samplers {
    return Object.fromEntries(
      this.#draws.feeds.flatMap(({ name, feed: { size, batch, seed } }): [string, BatchSampler][] =>
        batch === undefined ? [] : [[name, new BatchSampler(size, batch, Random.fromSeed(seed, name))]],
      ),
    );
  }

  /**
   * Draws the next batches of every feed.
   * @param drawn how many were drawn before, which makes the keys different
   */
  draw(samplers: Samplers, drawn: number): void {
    for (const [name, tensor] of this.#indices) {
      const sampler = samplers[name];
      if (sampler !== undefined) tensor.data.set(sampler.next(this.#steps));
    }
    for (let position = 0; position < this.#keys.size / 2; position++) {
      this.#keys.data.set([this.#draws.seed, drawn + position], 2 * position);
    }
  }
}
