import { checkSampler } from '../data/samplers/checked.js';
import { EpisodeSampler } from '../data/samplers/episodes.js';
import { full } from '../data/samplers/full.js';
import type { Sampler } from '../data/samplers/sampler.js';
import { shuffled } from '../data/samplers/shuffled.js';
import { SparseRows } from '../data/sparse-rows.js';
import { adviseName, BilevelError, checkKeys, checkRecord, describe, invalidArgument } from '../errors.js';
import type { Tensor } from '../tensor.js';
import { type Augmentation, type AugmentOptions, checkAugmentation, leavesImages } from './augment.js';
import { checkTensor } from './check-tensor.js';
import { type StreamFeed, type StreamOptions, stateStream } from './stream.js';

/**
 * Data of one purpose: arrays with one row per sample, resident in shared memory, from which mini-batches are drawn and
 * gathered natively. Without `batch` every step sees all rows.
 */
export interface Feed<A extends string = string, S extends string = never> {
  /** The arrays, [rows, ...]; of sparse rows their extents. */
  readonly arrays: Readonly<Record<A, Tensor>>;
  /** Sparse rows, by the names that their extents have in `arrays`. */
  readonly sparse: Readonly<Record<S, SparseRows>>;
  /** Rows. */
  readonly size: number;
  /** Rows of a mini-batch; undefined when every step sees all rows. */
  readonly batch: number | undefined;
  /** Seed of what the sampler draws; feeds of different names draw independently from one seed. */
  readonly seed: number;
  readonly sampler: Sampler;
  /** How images are changed at random, by the name of their array; empty when all are seen as they are. */
  readonly augment: Readonly<Record<string, Augmentation>>;
}

/** Resident data of any arrays. */
export type ResidentFeed = Feed<string, string>;

/** Resident data, or data that come batch by batch. */
export type AnyFeed = ResidentFeed | StreamFeed;

/** A feed whose mini-batches are few-shot tasks, of which costs see the sets `support` and `query`. */
export interface EpisodeFeed<A extends string = string> extends Feed<A, never> {
  readonly batch: number;
  readonly sampler: EpisodeSampler;
}

/** Options of {@link feed} for data in memory. */
export interface FeedOptions<A extends string = string> {
  /** Rows of a mini-batch, 1 to the number of rows. By default every step sees all rows. */
  readonly batch?: number | undefined;
  /** Which rows a mini-batch has: one of `samplers`, or your own; with `batch` those of a shuffled order by default. */
  readonly sampler?: Sampler | undefined;
  /** An integer from 0 to 2^53 - 1; 0 by default. */
  readonly seed?: number | undefined;
  /**
   * How images are changed at random whenever they are drawn, by the name of their array, float32 [samples, channels,
   * height, width]: `augment: { x: { flip: 0.5, shift: 4 } }`. Arrays with equal options, such as images and masks,
   * change alike. `respond`, `evaluate` and `checkProblem` see images as they are. No images are changed by default,
   * and none of a feed with episodes, in whose costs `augment` does the same.
   */
  readonly augment?: { readonly [K in A]?: AugmentOptions | undefined } | undefined;
}

/** Options of {@link feed} for few-shot tasks. */
export interface EpisodeFeedOptions extends Omit<FeedOptions, 'batch' | 'sampler' | 'augment'> {
  /** What `samplers.episodes` returns, which says how many rows a mini-batch has. */
  readonly sampler: EpisodeSampler;
}

/**
 * States a feed, for example `feed({ x: images, y: labels }, { batch: 200, seed: 1 })`. The tensors are not copied, and
 * neither are the entries of `SparseRows`, of which a mini-batch names those of its rows. A function in place of the
 * tensors gives batches:
 * `feed((start) => readBatches(start), { types: { x: { shape: [200, 784] } } })`, where `start` is the number of the
 * batch to begin with.
 * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for a batch, sampler, seed or augmentation out of range or a feed without
 * arrays; SHAPE_MISMATCH when the arrays have different numbers of rows, or no images are to be augmented;
 * INVALID_DATA, naming array and position, for a float that is not finite; what the sampler throws
 */
export function feed<A extends string>(
  arrays: Readonly<Record<A, Tensor>>,
  options: EpisodeFeedOptions,
): EpisodeFeed<A>;
export function feed<A extends string>(batches: StreamFeed<A>['batches'], options: StreamOptions<A>): StreamFeed<A>;
export function feed<const R extends Readonly<Record<string, Tensor | SparseRows>>>(
  arrays: R,
  options?: FeedOptions<NoInfer<keyof R & string>>,
): Feed<keyof R & string, SparseNames<R>>;
export function feed<A extends string>(
  data: Readonly<Record<A, Tensor | SparseRows>> | StreamFeed<A>['batches'],
  options: FeedOptions | StreamOptions<A> = {},
): Feed<A, string> | StreamFeed<A> {
  if (typeof data === 'function') return stateStream(data, options as StreamOptions<A>);
  return stateResident(data, options as FeedOptions);
}

/** The names of the tensors that all batches of sparse rows read. */
export const sparseArrays = (array: string) => ({ values: `${array}.values`, indices: `${array}.indices` }) as const;

/** All tensors of a feed: its arrays, and the entries of sparse rows. */
export function allArrays({ arrays, sparse }: ResidentFeed): Readonly<Record<string, Tensor>> {
  const entries = Object.entries(sparse).flatMap(([array, { values, indices }]) => {
    const names = sparseArrays(array);
    return [[names.values, values] as const, [names.indices, indices] as const];
  });
  return { ...arrays, ...Object.fromEntries(entries) };
}

/** Which of the arrays given to a feed are sparse. */
type SparseNames<R> = { [K in keyof R & string]: R[K] extends SparseRows ? K : never }[keyof R & string];

function stateResident<A extends string>(
  given: Readonly<Record<A, Tensor | SparseRows>>,
  options: FeedOptions,
): Feed<A, string> {
  checkRecord(given, 'arrays of a feed');
  const entries = Object.entries<Tensor | SparseRows>(given);
  const sparse = Object.fromEntries(
    entries.flatMap(([name, array]) => (array instanceof SparseRows ? [[name, array] as const] : [])),
  );
  const taken = Object.keys(sparse).flatMap((array) => Object.values(sparseArrays(array)));
  const clash = taken.find((name) => Object.hasOwn(given, name));
  if (clash !== undefined) throw invalidArgument('the name of an array of a feed', `another name than ${clash}`, clash);
  const arrays = Object.fromEntries(
    entries.map(([name, array]) => [name, array instanceof SparseRows ? array.extents : array]),
  ) as Record<A, Tensor>;
  checkKeys(options, ['batch', 'sampler', 'seed', 'augment'], 'feed');
  const { seed = 0, augment = {} } = options;
  const size = checkArrays(arrays);
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw invalidArgument('seed of a feed', 'an integer from 0 to 2^53 - 1', seed);
  }
  const sampler = options.sampler ?? (options.batch === undefined ? full : shuffled);
  checkSampler(sampler);
  const [rows] = Object.keys(sparse);
  if (rows !== undefined && sampler instanceof EpisodeSampler) {
    throw invalidArgument(`the array ${rows} of a feed with episodes`, 'a Tensor', 'SparseRows');
  }
  const batch = batchFor(sampler, options.batch, size);
  if (batch !== undefined) sampler.check?.({ arrays, size, batch });
  const augmentations = checkAugmentations(arrays, augment, sampler);
  return Object.freeze({
    arrays: Object.freeze(arrays),
    sparse: Object.freeze(sparse),
    size,
    batch,
    seed,
    sampler,
    augment: augmentations,
  });
}

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT, SHAPE_MISMATCH */
function checkAugmentations(
  arrays: Readonly<Record<string, Tensor>>,
  augment: Readonly<Record<string, AugmentOptions | undefined>>,
  sampler: Sampler,
): Readonly<Record<string, Augmentation>> {
  checkRecord(augment, 'augment of a feed');
  const checked = Object.entries(augment).flatMap(([name, options]): [string, Augmentation][] => {
    if (options === undefined) return [];
    const images = Object.hasOwn(arrays, name) ? arrays[name] : undefined;
    if (images === undefined) {
      throw new BilevelError(
        'INVALID_ARGUMENT',
        `There is no array ${describe(name)} in the feed, to be augmented. ${adviseName(name, Object.keys(arrays))}`,
      );
    }
    const augmentation = checkAugmentation(`augment of the array ${name}`, options, images);
    return leavesImages(augmentation) ? [] : [[name, augmentation]];
  });
  if (checked.length > 0 && sampler instanceof EpisodeSampler) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      'A feed with episodes augments no images: write augment(support.x, key, options) in the costs, which leaves the other set as it is.',
    );
  }
  return Object.freeze(Object.fromEntries(checked));
}

/** The number of rows. @throws INVALID_ARGUMENT, SHAPE_MISMATCH, INVALID_DATA */
function checkArrays(arrays: Readonly<Record<string, Tensor>>): number {
  const entries = Object.entries(arrays);
  const [first] = entries;
  if (first === undefined) throw invalidArgument('arrays of a feed', 'at least one tensor', arrays);
  for (const [name, tensor] of entries) {
    checkTensor(`the array ${name} of a feed`, tensor);
    if (tensor.shape.length === 0) throw invalidArgument(`the array ${name} of a feed`, 'a leading axis of samples', 0);
    if (name === 'index') throw invalidArgument('the name of an array of a feed', 'another name than index', name);
  }
  const size = first[1].shape[0] ?? 0;
  for (const [name, { shape }] of entries) {
    if (shape[0] === size) continue;
    throw new BilevelError(
      'SHAPE_MISMATCH',
      `The arrays of a feed must have equally many rows: ${first[0]} has ${size} but ${name} has ${shape[0]}.`,
    );
  }
  if (size === 0) throw invalidArgument(`the array ${first[0]} of a feed`, 'at least one row', 0);
  return size;
}

/** Rows of a mini-batch. @throws INVALID_ARGUMENT for a batch that the sampler has no use for, or lacks */
function batchFor(sampler: Sampler, batch: number | undefined, size: number): number | undefined {
  const given = sampler instanceof EpisodeSampler ? sampler.batch : undefined;
  if (sampler === full || given !== undefined) {
    if (batch === undefined) return given;
    throw invalidArgument(`batch of a feed with the sampler ${sampler.description}`, 'no number', batch);
  }
  if (!(Number.isSafeInteger(batch) && Number(batch) >= 1 && Number(batch) <= size)) {
    throw invalidArgument('batch of a feed', `an integer from 1 to its number of rows, ${size}`, batch);
  }
  return batch;
}
