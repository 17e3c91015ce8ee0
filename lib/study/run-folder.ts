import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, ensureFolder, isTemporary, readBytes, writeFileAtomic } from '../data/files.js';
import { BilevelError, invalidArgument, isRecord } from '../errors.js';
import { printableJson } from '../printable.js';
import { checkImportance, encodeImportanceCsv, encodeImportanceNpy, type Importance } from '../report/importance.js';
import { readState, type SavedState, writeState } from '../solvers/state.js';
import { checkUnchanged, type Fingerprints } from './fingerprints.js';
import { isMetricsExtent, type MetricsExtent, MetricsFile } from './metrics-file.js';
import { parseRecord } from './record.js';
import { isLock, lockFolder } from './run-lock.js';

const configurationFile = 'config.json';
const metricsFile = 'metrics.jsonl';
const stateFile = 'state.safetensors';
const networkFile = 'network.onnx';
const reportFile = 'report.html';
const importanceFiles = ['importance.npy', 'importance.csv'] as const;
const tableFiles = {
  judged: 'judged.csv',
  cleaned: 'cleaned.csv',
  decisions: 'decisions.csv',
  values: 'values.json',
} as const;
const files = [
  ...[configurationFile, metricsFile, stateFile, networkFile, reportFile],
  ...[...importanceFiles, ...Object.values(tableFiles)],
];

/** Whether a run was begun in the folder. */
export const holdsRun = (folder: string): boolean => existsSync(join(folder, configurationFile));

/** What a checkpoint tells beside the state. */
export interface Standing {
  /** Wall time of the run so far, in seconds. */
  readonly seconds?: number;
  /** What the run has come to, once it has ended, as plain JSON. */
  readonly ending?: unknown;
}

/**
 * The folder of one run:
 * config.json, metrics.jsonl (one line per report), state.safetensors (the latest checkpoint), importance.npy,
 * importance.csv, network.onnx, report.html, and the tables that a study writes for the owner of the data.
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
    const differences = differingKeys(there, configuration);
    if (differences.length > 0) {
      throw new BilevelError(
        'STATE_MISMATCH',
        `${path} holds a run of another configuration: ${differences.join('; ')}. Use the same options, or another folder.`,
      );
    }
    checkUnchanged(path, before, files);
    return locked(path, async (_, unlock) => {
      await writeConfiguration(path, configuration, { ...files, ...(before as Fingerprints | undefined) });
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

/** A temporary file of a file of this folder. */
const isLeftover = (name: string): boolean => isTemporary(name) && files.some((file) => name.startsWith(`.${file}.`));

async function writeConfiguration(folder: string, configuration: object, files: Fingerprints): Promise<void> {
  const all = { ...configuration, ...(Object.keys(files).length > 0 && { files }) };
  await writeFileAtomic(join(folder, configurationFile), `${printableJson(all, 2)}\n`);
}

async function readConfiguration(folder: string): Promise<Record<string, unknown>> {
  const path = join(folder, configurationFile);
  return parseRecord(new TextDecoder().decode(await readBytes(path)), path);
}

interface Checkpoint {
  readonly metrics: MetricsExtent;
  readonly state: SavedState;
  readonly standing: Standing;
}

/** The checkpoint with what it says of the metrics; undefined when none was made. */
async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  if (!existsSync(path)) return undefined;
  const { tensors, values } = await readState(path);
  const metrics = isRecord(values) ? values.metrics : undefined;
  if (!isRecord(values) || !isMetricsExtent(metrics)) {
    throw new BilevelError('INVALID_FILE', `${path} is not the checkpoint of a run.`);
  }
  const { seconds, ending } = values;
  const standing = { ...(typeof seconds === 'number' && { seconds }), ...(ending !== undefined && { ending }) };
  return { metrics, state: { tensors, values: values.values }, standing };
}

/**
 * Leaves of nested records by dotted key, as JSON would keep them. An empty text is an option that was not given: as
 * absent as in a folder that was written before there was that option.
 */
function leaves(value: unknown, key = ''): [key: string, text: string][] {
  if (!isRecord(value)) return value === undefined || value === '' ? [] : [[key, JSON.stringify(value)]];
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, key === '' ? name : `${key}.${name}`));
}

/** Sentences such as `epochs is 100 there and 50 here`, one per key that is not the same. */
function differingKeys(there: object, here: object): string[] {
  const theirs = new Map(leaves(there));
  const ours = new Map(leaves(here));
  return [...new Set([...theirs.keys(), ...ours.keys()])]
    .filter((key) => theirs.get(key) !== ours.get(key))
    .map((key) => `${key} is ${theirs.get(key) ?? 'absent'} there and ${ours.get(key) ?? 'absent'} here`);
}
