/** A data set that is known by name. Its folder holds four IDX files, see dataset.ts. */
export interface DatasetSource {
  /** Names of the classes; label i is `classes[i]`. */
  readonly classes: readonly string[];
  /** The folder of the files. @throws NOT_FOUND with the command that installs them */
  locate(): string;
}
