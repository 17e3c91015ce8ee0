import { type EpisodeOptions, EpisodeSampler } from './episodes.js';
import { full } from './full.js';
import type { Sampler } from './sampler.js';
import { shuffled } from './shuffled.js';
import { weighted } from './weighted.js';

/** The usual ways to draw the mini-batches of a feed. */
export const samplers = {
  /**
   * Every epoch a new random order of all rows, cut into mini-batches without replacement: what a feed with `batch`
   * does by itself.
   */
  shuffled: (): Sampler => shuffled,
  /** Every row in every step: what a feed without `batch` does by itself. */
  full: (): Sampler => full,
  weighted,
  /**
   * Few-shot tasks (Vinyals, Blundell, Lillicrap, Kavukcuoglu and Wierstra 2016, section 2.2): for each task `ways`
   * classes are drawn at random, and of each class `shots` + `queries` samples without replacement. Costs see the sets
   * `support` and `query`, in which the classes are numbered from 0 in the order in which they were drawn.
   * @throws UNKNOWN_OPTION; INVALID_ARGUMENT for a number out of range; when the feed is stated, INVALID_ARGUMENT for
   * more ways than classes or without an array of labels, INVALID_DATA for a class with too few samples
   */
  episodes: (options: EpisodeOptions): EpisodeSampler => new EpisodeSampler(options),
} as const;
