import type { Device } from '../engine/index.js';
import type { Sheet } from '../report/suspicious-sheet.js';
import type { SavedState } from '../solvers/index.js';
import type { RunFolder } from './run-folder.js';

/** One of the runs that a study is made of, each in a folder of its own. */
export interface Job {
  /**
   * Its folder within that of the study, `vrbo/seed-0`; empty where the study has one job, which then has the folder to
   * itself.
   */
  readonly path: string;
  /** What progress calls it. */
  readonly title: string;
  /** What config.json keeps: a job is gone on with by the same alone. */
  readonly configuration: object;
  /**
   * Paths of files that it reads, which must say the same when it is gone on with; what is no file, or is not there, is
   * passed over.
   */
  readonly files?: readonly string[];
  /** How far it is to go, where that may grow: a job that ended with less goes on. */
  readonly extent?: object;
  /** Jobs with the same text share what is loaded for them. */
  readonly inputs: string;
}

/** A part of a job that is done, with a line of its metrics and a state to go on from. */
export interface Step {
  /** Line of metrics.jsonl. */
  readonly row: object;
  /** Of the job's whole length, or of the stage's. */
  readonly done: number;
  readonly total: number;
  /** For progress: where the job stands. */
  readonly detail?: string;
  /** What progress calls the part of the job that `done` and `total` count, instead of the job's title. */
  readonly stage?: string;
  /** Whether a checkpoint is made of it however short ago the last one was. */
  readonly keep?: boolean;
}

export type Rows = readonly Readonly<Record<string, unknown>>[];

/** Tells how far a stage is. */
export type Report = (stage: string, done: number, total: number, detail?: string) => void;

/** What a job may use. */
export interface Resources {
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** A job under way. Between two steps its state is that of the last one. */
export interface Run<E extends object> extends Disposable {
  /** The remaining steps. @throws ABORTED, NON_FINITE */
  steps(): AsyncIterable<Step>;
  /** What to keep for going on; valid until the next step. */
  save(): SavedState;
  /**
   * After the last step: what else is computed and written.
   * @param seconds tells the wall time of the job so far
   * @returns what `measure` is told, as plain JSON
   */
  end(folder: RunFolder, seconds: () => number): Promise<E>;
  /** After `end`: an image of what was found, for TensorBoard. */
  sheet?(): Sheet | undefined;
}
