import type { Tensor } from '../../tensor.js';
import type { Random } from '../random.js';

/** What a sampler is asked to draw from. */
export interface Drawable {
  /** The tensors of the feed by name, each with one row per sample. */
  readonly arrays: Readonly<Record<string, Tensor>>;
  /** Rows of the feed. */
  readonly size: number;
  /** Rows of a mini-batch. */
  readonly batch: number;
}

/**
 * Where a feed stands in drawing its mini-batches. A solver keeps one for each feed in its state, saves its `state`
 * with the rest, and puts it back when an iteration fails or is stopped.
 */
export interface Cursor {
  /** The row numbers of the next mini-batch: as many as it has rows, each from 0 to the feed's size - 1. */
  next(): ArrayLike<number>;
  /**
   * Everything that later batches depend on, as plain JSON that no later `next` changes. It is read in every iteration.
   */
  readonly state: unknown;
  /**
   * Goes on where `state` was read, by this cursor or by one of an equal feed. States from files are not trusted:
   * throw.
   */
  restore(state: unknown): void;
}

/** How the mini-batches of a feed are drawn. `samplers` has the usual ones; any object of this form will do. */
export interface Sampler {
  /**
   * What it draws, with all that this depends on: a saved state belongs to one description. `shuffled`,
   * `weighted #1f2e3d4c`
   */
  readonly description: string;
  /**
   * Whether the rows of a mini-batch are all different, which variables with a row per sample need; false by default.
   */
  readonly distinct?: boolean;
  /** Refuses what it cannot draw from, by throwing: called when the feed is stated. */
  check?(from: Drawable): void;
  /**
   * A cursor before its first mini-batch. All its randomness is to come from `random`, so that runs can be repeated.
   */
  start(from: Drawable, random: Random): Cursor;
}
