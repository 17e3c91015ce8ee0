import { invalidArgument } from '../errors.js';

/** The whole state of a generator: four 32-bit words, kept as plain JSON. */
export type RandomState = readonly [number, number, number, number];

const isWord = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;

const isState = (value: unknown): value is RandomState =>
  Array.isArray(value) && value.length === 4 && value.every(isWord) && value.some((word) => word !== 0);

const rotateLeft = (x: number, count: number): number => (x << count) | (x >>> (32 - count));

/** FNV-1a over the UTF-8 bytes: folds a stream name into 32 bits. */
function hashName(name: string): bigint {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return BigInt(hash >>> 0);
}

/** SplitMix64 (Steele, Lea, Flood, 2014): turns a 64-bit counter into well mixed 64-bit words. */
function* splitMix(counter: bigint): Generator<bigint, never> {
  for (;;) {
    counter = BigInt.asUintN(64, counter + 0x9e3779b97f4a7c15n);
    let word = counter;
    word = BigInt.asUintN(64, (word ^ (word >> 30n)) * 0xbf58476d1ce4e5b9n);
    word = BigInt.asUintN(64, (word ^ (word >> 27n)) * 0x94d049bb133111ebn);
    yield word ^ (word >> 31n);
  }
}

/**
 * A small seeded generator for decisions on the host: xoshiro128** (Blackman and Vigna, 2021), its state filled by
 * SplitMix64 from the seed and the name of a stream. Each purpose takes a stream of its own, so that drawing more
 * numbers for one never changes another. Words and integers are the same on every machine.
 */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  private constructor([a, b, c, d]: RandomState) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    this.#d = d;
  }

  /** @throws INVALID_ARGUMENT unless `seed` is an integer from 0 to 2^53 - 1 */
  static fromSeed(seed: number, stream: string): Random {
    if (!Number.isSafeInteger(seed) || seed < 0) throw invalidArgument('seed', 'an integer from 0 to 2^53 - 1', seed);
    if (typeof stream !== 'string') throw invalidArgument('stream', 'a text', stream);
    // The stream is mixed before it meets the seed: seeds and names that are near each other share no state.
    const words = splitMix(splitMix(hashName(stream)).next().value ^ BigInt(seed));
    const [low, high] = [words.next().value, words.next().value];
    const word = (value: bigint): number => Number(BigInt.asUintN(32, value));
    return new Random([word(low), word(low >> 32n), word(high), word(high >> 32n)]);
  }

  /** A generator that continues where `state` was taken. @throws INVALID_ARGUMENT when it is not such a state */
  static fromState(state: unknown): Random {
    if (!isState(state)) throw invalidArgument('state', 'four 32-bit integers that are not all zero', state);
    return new Random(state);
  }

  /** Where the sequence stands, as plain JSON. */
  get state(): RandomState {
    return [this.#a, this.#b, this.#c, this.#d];
  }

  /** A uniform integer from 0 to 2^32 - 1. */
  word(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const c = this.#c ^ this.#a;
    const d = this.#d ^ this.#b;
    const shifted = this.#b << 9;
    this.#b = (this.#b ^ c) >>> 0;
    this.#a = (this.#a ^ d) >>> 0;
    this.#c = (c ^ shifted) >>> 0;
    this.#d = rotateLeft(d, 11) >>> 0;
    return result;
  }

  /** A uniform number in [0, 1) with 53 random bits. */
  uniform(): number {
    const high = this.word() >>> 5;
    const low = this.word() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /** A uniform integer from 0 to `bound` - 1, without bias. @throws INVALID_ARGUMENT unless 1 <= bound <= 2^32 */
  integer(bound: number): number {
    if (!Number.isInteger(bound) || bound < 1 || bound > 2 ** 32) {
      throw invalidArgument('bound', 'an integer from 1 to 2^32', bound);
    }
    // Words above the largest multiple of the bound would favour small results, so they are drawn again.
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let word = this.word();
    while (word >= limit) word = this.word();
    return word % bound;
  }

  /** A standard normal number (Marsaglia's polar method). */
  normal(): number {
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
    }
  }

  /** Puts the elements in a uniformly random order, in place (Fisher and Yates). */
  shuffle(values: { [index: number]: unknown; readonly length: number }): void {
    for (let last = values.length - 1; last > 0; last--) {
      const other = this.integer(last + 1);
      [values[last], values[other]] = [values[other], values[last]];
    }
  }

  /**
   * `size` different integers from 0 to `count` - 1, each choice and order of them as likely as any other; size <=
   * count.
   */
  subset(count: number, size: number): Int32Array {
    // The first places of a shuffled order, of which only those that differ from their index are kept.
    const moved = new Map<number, number>();
    return Int32Array.from({ length: size }, (_, place) => {
      const other = place + this.integer(count - place);
      const chosen = moved.get(other) ?? other;
      moved.set(other, moved.get(place) ?? place);
      return chosen;
    });
  }

  /** The integers 0 to `count` - 1 in a uniformly random order. */
  permutation(count: number): Int32Array {
    const order = Int32Array.from({ length: count }, (_, index) => index);
    this.shuffle(order);
    return order;
  }
}
