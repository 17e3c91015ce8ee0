import type { LabelledSamples } from '../labelled-samples.js';

/** Labelled samples in two parts, with inputs of one shape and the same classes. */
export interface Dataset {
  /** The specification it was loaded by. */
  readonly name: string;
  /** Names of the classes; label i is `classes[i]`. */
  readonly classes: readonly string[];
  readonly train: LabelledSamples;
  readonly test: LabelledSamples;
}

/** Where a data set comes from: files of any format, a package, a generator. */
export interface DatasetSource {
  /** What it is called on the command line; without a colon, which is for specifications with a path. */
  readonly name: string;
  /**
   * Reads the data set, whole.
   * @throws NOT_FOUND with what installs it; INVALID_FILE, INVALID_DATA, IO_ERROR
   */
  load(): Promise<Dataset>;
}
