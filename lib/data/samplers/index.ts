import type { Tensor } from '../../tensor.js';
import { type EpisodeOptions, EpisodeSampler } from './episodes.js';
import { full } from './full.js';
import type { Sampler } from './sampler.js';
import { shuffled } from './shuffled.js';
import { weighted } from './weighted.js';

/** The usual ways to draw the mini-batches of a feed. @namespace */
export const samplers = {
  /**
   * Every epoch a new random order of all rows, cut into mini-batches without replacement: what a feed with `batch`
   * does by itself.
   */
  shuffled: (): Sampler => shuffled,
  /** Every row in every step: what a feed without `batch` does by itself. */
  full: (): Sampler => full,
  /**
   * Rows drawn one by one with replacement, each with a probability in proportion to its weight: a cost that is a mean
   * over the mini-batch then estimates the mean over the samples that these probabilities weight.
   * @param weights one for each row of the feed: finite, not negative, not all 0; they need not sum to 1
   * @throws INVALID_ARGUMENT, INVALID_DATA naming the weight; SHAPE_MISMATCH, when the feed is stated, for another
   *   number of rows
   */
  weighted: (weights: ArrayLike<number> | Tensor<'float32'>): Sampler => weighted(weights),
  /**
   * Few-shot tasks (Vinyals, Blundell, Lillicrap, Kavukcuoglu and Wierstra 2016, section 2.2): for each task `ways`
   * classes are drawn at random, and of each class `shots` + `queries` samples without replacement. Costs see the sets
   * `support` and `query`, in which the classes are numbered from 0 in the order in which they were drawn.
   * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for a number out of range; when the feed is stated, INVALID_ARGUMENT for
   * more ways than classes or without an array of labels, INVALID_DATA for a class with too few samples
   */
  episodes: (options: EpisodeOptions): EpisodeSampler => new EpisodeSampler(options),
} as const;
