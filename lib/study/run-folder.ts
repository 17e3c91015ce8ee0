import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, ensureFolder, writeFileAtomic } from '../data/files.js';
import { BilevelError, invalidArgument } from '../errors.js';
import { printableJson } from '../printable.js';
import { checkImportance, encodeImportanceCsv, encodeImportanceNpy, type Importance } from '../report/importance.js';
import { type SavedState, writeState } from '../solvers/state.js';
import { checkUnchanged, type Fingerprints } from './fingerprints.js';
import { MetricsFile } from './metrics-file.js';
import {
  checkConfiguration,
  configurationFile,
  type Failure,
  failureFile,
  importanceFiles,
  isLeftover,
  metricsFile,
  networkFile,
  readCheckpoint,
  readConfiguration,
  reportFile,
  type Standing,
  stateFile,
  tableFiles,
  writeConfiguration,
} from './run-files.js';
import { isLock, lockFolder } from './run-lock.js';

/**
 * The folder of one run:
 * config.json, metrics.jsonl (one line per report), state.safetensors (the latest checkpoint), importance.npy,
 * importance.csv, network.onnx, report.html, and the tables that a study writes for the owner of the data; failure.json
 * where its method could not do it.
 *
 * Every file but the metrics is replaced in one step, so a failure leaves the one before. The checkpoint remembers how
 * long the metrics were, and their checksum: a resumed run cuts off the lines that came after it and then writes them
 * again. One process at a time has the folder.
 */
export class RunFolder {
  readonly path: string;
  readonly #metrics: MetricsFile;
  readonly #unlock: () => Promise<void>;

  private constructor(path: string, metrics: MetricsFile, unlock: () => Promise<void>) {
    this.path = path;
    this.#metrics = metrics;
    this.#unlock = unlock;
  }

  /**
   * Starts a run in a new or empty folder. Writing config.json shows before the run that results can be kept.
   * @throws INVALID_ARGUMENT when the folder holds anything, IO_ERROR when it cannot be written; FOLDER_IN_USE
   */
  static async create(path: string, configuration: object, files: Fingerprints = {}): Promise<RunFolder> {
    await ensureFolder(path);
    return locked(path, async (content, unlock) => {
      if (content.includes(configurationFile)) {
        throw new BilevelError('INVALID_ARGUMENT', `${path} already holds a run. Resume it, or choose another folder.`);
      }
      if (content.length > 0) throw invalidArgument('out', 'a new or empty folder', path);
      await writeConfiguration(path, configuration, files);
      return new RunFolder(path, await MetricsFile.open(join(path, metricsFile)), unlock);
    });
  }

  /**
   * Goes on with the run of the folder, from its checkpoint or, when it made none, from the start.
   * @param files what the files that it reads say now
   * @throws NOT_FOUND when the folder holds no run; STATE_MISMATCH when its configuration is another one, listing the
   *   keys that differ, or a file says something else; INVALID_FILE for damaged files; IO_ERROR; FOLDER_IN_USE while
   *   another process works on it
   */
  static async resume(
    path: string,
    configuration: object,
    files: Fingerprints = {},
  ): Promise<{ folder: RunFolder; state?: SavedState; standing: Standing }> {
    // Before the lock, so that a folder without a run is left as it is.
    const { files: before, ...there } = await readConfiguration(path);
    checkConfiguration(path, there, configuration);
    checkUnchanged(path, before, files);
    return locked(path, async (_, unlock) => {
      await writeConfiguration(path, configuration, { ...files, ...(before as Fingerprints | undefined) });
      await attempt('remove', join(path, failureFile), () => rm(join(path, failureFile), { force: true }));
      const checkpoint = await readCheckpoint(join(path, stateFile));
      const metrics = await MetricsFile.open(join(path, metricsFile), checkpoint?.metrics);
      const folder = new RunFolder(path, metrics, unlock);
      return checkpoint === undefined
        ? { folder, standing: {} }
        : { folder, state: checkpoint.state, standing: checkpoint.standing };
    });
  }

  /** Where the trained network goes. */
  get networkPath(): string {
    return join(this.path, networkFile);
  }

  /** Where the report goes. */
  get reportPath(): string {
    return join(this.path, reportFile);
  }

  /** Appends a line to metrics.jsonl. JSON keeps a number that is not finite as null. @throws IO_ERROR */
  async appendMetrics(row: object): Promise<void> {
    await this.#metrics.append(row);
  }

  /** All lines of metrics.jsonl, those from before an interruption included. @throws IO_ERROR, INVALID_FILE */
  async readMetrics(): Promise<Record<string, unknown>[]> {
    return this.#metrics.read();
  }

  /** Replaces the checkpoint; when that fails, the one before is still there. @throws IO_ERROR */
  async saveState({ tensors, values }: SavedState, standing: Standing = {}): Promise<void> {
    const metrics = await this.#metrics.sync();
    await writeState(join(this.path, stateFile), { tensors, values: { metrics, values, ...standing } });
  }

  /** Writes importance.npy and importance.csv. @throws INVALID_ARGUMENT for lists of different length, IO_ERROR */
  async writeImportance(importance: Importance): Promise<void> {
    checkImportance(importance);
    const [npy, csv] = importanceFiles;
    await writeFileAtomic(join(this.path, npy), encodeImportanceNpy(importance));
    await writeFileAtomic(join(this.path, csv), encodeImportanceCsv(importance));
  }

  /**
   * Writes tables for the owner: judged.csv, with what was found, cleaned.csv, without what is suspicious,
   * decisions.csv, with what was decided before, and values.json, with hyperparameters.
   * @returns their paths
   * @throws IO_ERROR
   */
  async writeTables<Name extends keyof typeof tableFiles>(
    texts: Readonly<Record<Name, string>>,
  ): Promise<Record<Name, string>> {
    const paths = { ...texts } as Record<Name, string>;
    for (const name of Object.keys(texts) as Name[]) {
      paths[name] = join(this.path, tableFiles[name]);
      await writeFileAtomic(paths[name], texts[name]);
    }
    return paths;
  }

  /** Keeps why the run will not come to its end, until it is gone on with. @throws IO_ERROR */
  async writeFailure(failure: Failure): Promise<void> {
    await writeFileAtomic(join(this.path, failureFile), `${printableJson(failure, 2)}\n`);
  }

  /** Writes report.html. @throws IO_ERROR */
  async writeReport(html: string): Promise<void> {
    await writeFileAtomic(this.reportPath, html);
  }

  /** Ends the writing, and lets others have the folder. */
  async close(): Promise<void> {
    await this.#metrics.close();
    await this.#unlock();
  }
}

/**
 * Opens a folder that no other process uses, and removes what processes that died have left.
 * @param use is told what else the folder holds; when it fails, the folder is unlocked
 */
async function locked<T>(
  path: string,
  use: (content: readonly string[], unlock: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const unlock = await lockFolder(path);
  try {
    const names = await attempt('list', path, () => readdir(path));
    for (const name of names.filter(isLeftover)) {
      await attempt('remove', join(path, name), () => rm(join(path, name), { force: true }));
    }
    return await use(
      names.filter((name) => !isLock(name) && !isLeftover(name)),
      unlock,
    );
  } catch (error) {
    await unlock();
    throw error;
  }
}
