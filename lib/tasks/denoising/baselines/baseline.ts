import type { Parameters } from '../../../network/classifier.js';
import type { Trainer } from '../trainer.js';

/** What came of the training samples, and the network trained in the end. */
export interface Finding {
  /** How far each given label is to be trusted, [n]: the lowest are the most suspicious. */
  readonly trust: ArrayLike<number>;
  /** Which labels are taken for wrong, [n], not 0. */
  readonly flagged: ArrayLike<number>;
  readonly parameters: Parameters;
}

/** A way to deal with wrong labels that needs no bilevel optimization. */
export interface Baseline {
  /** Its key in JSON and metrics. */
  readonly name: string;
  readonly title: string;
  /** What it does, in a few words for a table. */
  readonly note: string;
  run(trainer: Trainer): Promise<Finding>;
}
