import type { Shape } from '../../tensor.js';
import type { LabelledSamples } from '../labelled-samples.js';
import type { Scaling } from '../scaling.js';
import type { TableEncoding } from '../tables/encoding.js';

/** Labelled samples in two parts, with inputs of one shape and the same classes. */
export interface Dataset {
  /** The specification it was loaded by. */
  readonly name: string;
  /** Names of the classes; label i is `classes[i]`. */
  readonly classes: readonly string[];
  readonly train: LabelledSamples;
  /** Samples kept apart for the test, of which there may be none. */
  readonly test: LabelledSamples;
  /** What tells the training samples apart for their owner: the rows of a table, names of files. */
  readonly records?: Records;
  /** Of rows of a table: how they became inputs, and what each input says. */
  readonly encoding?: TableEncoding;
  /** Of arrays of floats that were scaled: how. */
  readonly scaling?: Scaling;
}

/** The owner's own table of samples. */
export interface Records {
  readonly columns: readonly string[];
  /** The column of the labels. */
  readonly label: string;
  /** The cells of a training sample, one for each column. */
  row(sample: number): readonly string[];
  /** What its owner calls a training sample: the name of its file. */
  name?(sample: number): string;
}

/** How a data set of the reader's own is read. Which options a format takes it says. */
export interface DatasetOptions {
  /**
   * Of a table the name of the column with the labels, which has to be given; of files with several arrays the name of
   * that one.
   */
  readonly label?: string | undefined;
  /** Of files with several arrays the name of that with the samples. */
  readonly inputs?: string | undefined;
  /** Columns of a table that are left out, such as numbers of rows, names and dates. */
  readonly ignore?: readonly string[] | undefined;
  /** Columns of a table whose numbers are names: they become categories, as columns of text do. */
  readonly categories?: readonly string[] | undefined;
  /**
   * What is done where a table has nothing (an empty cell, NA, N/A, NaN, null or ?): `error`, by default, refuses it,
   * naming row and column; `impute` puts the mean of the training rows in place of a number, and no category in place
   * of one.
   */
  readonly missing?: 'error' | 'impute' | undefined;
  /**
   * `standard`, by default, gives columns of numbers, those of a table and those of an array of floats [n, inputs],
   * mean 0 and deviation 1 over the training rows, and floats of samples with more axes, such as images, all alike;
   * `none` leaves them as they are.
   */
  readonly scale?: 'standard' | 'none' | undefined;
  /**
   * Sizes of one sample, as the network takes it: of images [channels, height, width]. Image files are scaled to it,
   * and made grey for one channel; other data are taken row by row in this shape. By default what the files have.
   */
  readonly shape?: Shape | undefined;
  /** Share of the samples that is drawn for the test, from 0, the default, to below 1. The others keep their order. */
  readonly test?: number | undefined;
  /** Seed of that draw: an integer from 0 to 2^53 - 1; 0 by default. */
  readonly seed?: number | undefined;
  /**
   * A data set that was loaded before, whose classes, categories, scaling and shape are used: for samples with right
   * labels beside those with doubtful ones. All samples then are for training, and `label` is that of the first one
   * unless it is given.
   */
  readonly like?: Dataset | undefined;
}

/** A data set that is known by name: it comes from a package, or from a place where the system keeps it. */
export interface DatasetSource {
  /** What it is called on the command line; without a colon, a comma or a point, which are for paths. */
  readonly name: string;
  /**
   * Reads the data set, whole.
   * @throws NOT_FOUND with what installs it; INVALID_FILE, INVALID_DATA, IO_ERROR
   */
  load(): Promise<Dataset>;
}

/** A form in which readers have data sets of their own. */
export interface DatasetFormat {
  /** How it is asked for, for messages: `folder:DIR`. */
  readonly specifications: readonly string[];
  accepts(specification: string): boolean;
  /** The options that it takes. */
  readonly options: readonly (keyof DatasetOptions)[];
  /**
   * Reads the data set, whole.
   * @throws NOT_FOUND, IO_ERROR, INVALID_FILE, INVALID_DATA, INVALID_ARGUMENT, LIMIT_EXCEEDED
   */
  load(specification: string, options: DatasetOptions): Promise<Dataset>;
}
