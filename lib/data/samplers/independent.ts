import { Random } from '../random.js';
import type { Cursor } from './sampler.js';

/** Draws every mini-batch by itself, so that where it stands is where its random numbers stand. */
export class IndependentBatches implements Cursor {
  #random: Random;
  readonly #draw: (random: Random) => Int32Array;

  /** @param draw the rows of a mini-batch, by the random numbers alone */
  constructor(random: Random, draw: (random: Random) => Int32Array) {
    this.#random = random;
    this.#draw = draw;
  }

  next(): Int32Array {
    return this.#draw(this.#random);
  }

  /** The generator's four words. */
  get state(): unknown {
    return this.#random.state;
  }

  /** @throws INVALID_ARGUMENT when it is no state of a generator */
  restore(state: unknown): void {
    this.#random = Random.fromState(state);
  }
}
