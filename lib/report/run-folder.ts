import { existsSync } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, ensureFolder, readBytes, writeFileAtomic } from '../data/files.js';
import { BilevelError, invalidArgument } from '../errors.js';
import { readState, type SavedState, writeState } from '../solvers/state.js';
import { checkImportance, encodeImportanceCsv, encodeImportanceNpy, type Importance } from './importance.js';

const configurationFile = 'config.json';
const metricsFile = 'metrics.jsonl';
const stateFile = 'state.safetensors';

/**
 * The folder of one run:
 * config.json, metrics.jsonl (one line per report), state.safetensors (the latest checkpoint), importance.npy,
 * importance.csv, network.onnx, report.html.
 *
 * Every file but the metrics is replaced in one step, so a failure leaves the one before. The checkpoint remembers how
 * long the metrics were: a resumed run cuts off the lines that came after it and then writes them again.
 */
export class RunFolder {
  readonly path: string;
  readonly #metrics: FileHandle;
  #metricsBytes: number;

  private constructor(path: string, metrics: FileHandle, metricsBytes: number) {
    this.path = path;
    this.#metrics = metrics;
    this.#metricsBytes = metricsBytes;
  }

  /**
   * Starts a run in a new or empty folder. Writing config.json shows before the run that results can be kept.
   * @throws INVALID_ARGUMENT when the folder holds anything, IO_ERROR when it cannot be written
   */
  static async create(path: string, configuration: object): Promise<RunFolder> {
    await ensureFolder(path);
    const content = await attempt('list', path, () => readdir(path));
    if (content.includes(configurationFile)) {
      throw new BilevelError('INVALID_ARGUMENT', `${path} already holds a run. Resume it, or choose another folder.`);
    }
    if (content.length > 0) throw invalidArgument('out', 'a new or empty folder', path);
    await writeConfiguration(path, configuration);
    return RunFolder.#open(path, 0);
  }

  /**
   * Goes on with the run of the folder, from its checkpoint or, when it made none, from the start.
   * @throws NOT_FOUND when the folder holds no run; STATE_MISMATCH when its configuration is another one, listing the
   *   keys that differ; INVALID_FILE for damaged files; IO_ERROR
   */
  static async resume(path: string, configuration: object): Promise<{ folder: RunFolder; state?: SavedState }> {
    const differences = differingKeys(await readConfiguration(path), configuration);
    if (differences.length > 0) {
      throw new BilevelError(
        'STATE_MISMATCH',
        `${path} holds a run of another configuration: ${differences.join('; ')}. Use the same options, or another folder.`,
      );
    }
    await writeConfiguration(path, configuration);
    const checkpoint = await readCheckpoint(join(path, stateFile));
    const folder = await RunFolder.#open(path, checkpoint?.metricsBytes ?? 0);
    return checkpoint === undefined ? { folder } : { folder, state: checkpoint.state };
  }

  static async #open(path: string, metricsBytes: number): Promise<RunFolder> {
    const file = join(path, metricsFile);
    const handle = await attempt('open', file, () => open(file, 'a+'));
    const folder = new RunFolder(path, handle, metricsBytes);
    try {
      const { size } = await handle.stat();
      if (size < metricsBytes) {
        throw new BilevelError(
          'INVALID_FILE',
          `${file} has lost lines: ${size} bytes where the checkpoint counted ${metricsBytes}.`,
        );
      }
      await attempt('truncate', file, () => handle.truncate(metricsBytes));
    } catch (error) {
      await handle.close();
      throw error;
    }
    return folder;
  }

  /** Where the trained network goes. */
  get networkPath(): string {
    return join(this.path, 'network.onnx');
  }

  /** Where the report goes. */
  get reportPath(): string {
    return join(this.path, 'report.html');
  }

  /** Appends a line to metrics.jsonl. JSON keeps a number that is not finite as null. @throws IO_ERROR */
  async appendMetrics(row: object): Promise<void> {
    const line = Buffer.from(`${JSON.stringify(row)}\n`);
    await attempt('write', join(this.path, metricsFile), () => this.#metrics.appendFile(line));
    this.#metricsBytes += line.length;
  }

  /** All lines of metrics.jsonl, those from before an interruption included. @throws IO_ERROR, INVALID_FILE */
  async readMetrics(): Promise<Record<string, unknown>[]> {
    const file = join(this.path, metricsFile);
    const text = new TextDecoder().decode(await readBytes(file));
    const lines = text.split('\n').slice(0, -1);
    return lines.map((line, index) => parseRecord(line, `Line ${index + 1} of ${file}`));
  }

  /** Replaces the checkpoint; when that fails, the one before is still there. @throws IO_ERROR */
  async saveState({ tensors, values }: SavedState): Promise<void> {
    await attempt('write', join(this.path, metricsFile), () => this.#metrics.sync());
    await writeState(join(this.path, stateFile), { tensors, values: { metricsBytes: this.#metricsBytes, values } });
  }

  /** Writes importance.npy and importance.csv. @throws INVALID_ARGUMENT for lists of different length, IO_ERROR */
  async writeImportance(importance: Importance): Promise<void> {
    checkImportance(importance);
    await writeFileAtomic(join(this.path, 'importance.npy'), encodeImportanceNpy(importance));
    await writeFileAtomic(join(this.path, 'importance.csv'), encodeImportanceCsv(importance));
  }

  /** Writes report.html. @throws IO_ERROR */
  async writeReport(html: string): Promise<void> {
    await writeFileAtomic(this.reportPath, html);
  }

  /** Ends the writing of metrics. */
  async close(): Promise<void> {
    await this.#metrics.close();
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseRecord(text: string, source: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new BilevelError('INVALID_FILE', `${source} is not JSON.`, { cause });
  }
  if (!isRecord(value)) throw new BilevelError('INVALID_FILE', `${source} is not a JSON object.`);
  return value;
}

async function writeConfiguration(folder: string, configuration: object): Promise<void> {
  await writeFileAtomic(join(folder, configurationFile), `${JSON.stringify(configuration, null, 2)}\n`);
}

async function readConfiguration(folder: string): Promise<Record<string, unknown>> {
  const path = join(folder, configurationFile);
  return parseRecord(new TextDecoder().decode(await readBytes(path)), path);
}

/** The checkpoint with the length of the metrics at its time; undefined when none was made. */
async function readCheckpoint(path: string): Promise<{ metricsBytes: number; state: SavedState } | undefined> {
  if (!existsSync(path)) return undefined;
  const { tensors, values } = await readState(path);
  const metricsBytes = isRecord(values) ? values.metricsBytes : undefined;
  if (!isRecord(values) || !Number.isSafeInteger(metricsBytes) || Number(metricsBytes) < 0) {
    throw new BilevelError('INVALID_FILE', `${path} is not the checkpoint of a run.`);
  }
  return { metricsBytes: Number(metricsBytes), state: { tensors, values: values.values } };
}

/** Leaves of nested records by dotted key, as JSON would keep them. */
function leaves(value: unknown, key = ''): [key: string, text: string][] {
  if (!isRecord(value)) return value === undefined ? [] : [[key, JSON.stringify(value)]];
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
