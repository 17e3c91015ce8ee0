/** A sample that is put before a person. */
export interface ReviewSample {
  /** Row in the data set. */
  readonly index: number;
  /** What its owner calls it, such as the name of its file. */
  readonly name?: string;
  /** The label that came with it, and the one that the network would give. */
  readonly given: number;
  readonly suggested: number;
  /** Importance from 0 to 1. */
  readonly weight: number;
}

/** What is reviewed. */
export interface Review {
  readonly title: string;
  /** Name of each class; label i is `classes[i]`. */
  readonly classes: readonly string[];
  /** In the order in which they are shown. */
  readonly samples: readonly ReviewSample[];
  /** What is seen of a sample: a picture as a data URI, or the cells of a record as pairs of column and text. */
  show(index: number): string | readonly (readonly [column: string, cell: string])[];
}
