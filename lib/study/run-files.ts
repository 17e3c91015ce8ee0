import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isTemporary, readBytes, writeFileAtomic } from '../data/files.js';
import { BilevelError, isRecord } from '../errors.js';
import { printableJson } from '../printable.js';
import { readState, type SavedState } from '../solvers/state.js';
import type { Fingerprints } from './fingerprints.js';
import { isMetricsExtent, type MetricsExtent } from './metrics-file.js';
import { parseRecord } from './record.js';

// The files in the folder of a run, and what stands in them.

export const configurationFile = 'config.json';
export const metricsFile = 'metrics.jsonl';
export const stateFile = 'state.safetensors';
export const networkFile = 'network.onnx';
export const reportFile = 'report.html';
export const failureFile = 'failure.json';
export const importanceFiles = ['importance.npy', 'importance.csv'] as const;
export const tableFiles = {
  judged: 'judged.csv',
  cleaned: 'cleaned.csv',
  decisions: 'decisions.csv',
  values: 'values.json',
} as const;
/** All files that a run may have; the first one makes a folder a run's. */
export const runFiles: readonly string[] = [
  ...[configurationFile, metricsFile, stateFile, networkFile, reportFile, failureFile],
  ...[...importanceFiles, ...Object.values(tableFiles)],
];

/** In the folder of a study, with a folder for the event files of each run. */
export const boardFolder = 'tensorboard';

/** Whether a run was begun in the folder. */
export const holdsRun = (folder: string): boolean => existsSync(join(folder, configurationFile));

/** What a checkpoint tells beside the state. */
export interface Standing {
  /** Wall time of the run so far, in seconds. */
  readonly seconds?: number;
  /** What the run has come to, once it has ended, as plain JSON. */
  readonly ending?: unknown;
}

/** A run that its method could not do. */
export interface Failure {
  /** Why. */
  readonly failure: string;
  /** Wall time until then, in seconds. */
  readonly seconds: number;
}

/** A temporary file of a file of a run. */
export const isLeftover = (name: string): boolean =>
  isTemporary(name) && runFiles.some((file) => name.startsWith(`.${file}.`));

/** Writes config.json. @throws IO_ERROR */
export async function writeConfiguration(folder: string, configuration: object, files: Fingerprints): Promise<void> {
  const all = { ...configuration, ...(Object.keys(files).length > 0 && { files }) };
  await writeFileAtomic(join(folder, configurationFile), `${printableJson(all, 2)}\n`);
}

/** What config.json says, with the fingerprints as `files`. @throws NOT_FOUND, INVALID_FILE, IO_ERROR */
export async function readConfiguration(folder: string): Promise<Record<string, unknown>> {
  const path = join(folder, configurationFile);
  return parseRecord(new TextDecoder().decode(await readBytes(path)), path);
}

export interface Checkpoint {
  readonly metrics: MetricsExtent;
  readonly state: SavedState;
  readonly standing: Standing;
}

/** The checkpoint with what it says of the metrics; undefined when none was made. @throws INVALID_FILE, IO_ERROR */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
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

/** Refuses a run of other options. @throws STATE_MISMATCH listing the keys that differ */
export function checkConfiguration(path: string, there: object, here: object): void {
  const differences = differingKeys(there, here);
  if (differences.length === 0) return;
  throw new BilevelError(
    'STATE_MISMATCH',
    `${path} holds a run of another configuration: ${differences.join('; ')}. Use the same options, or another folder.`,
  );
}

/** Why the method could not do the run; undefined where it could, or has not yet. @throws INVALID_FILE, IO_ERROR */
export async function readFailure(folder: string): Promise<Failure | undefined> {
  const path = join(folder, failureFile);
  if (!existsSync(path)) return undefined;
  const { failure, seconds } = parseRecord(new TextDecoder().decode(await readBytes(path)), path);
  if (typeof failure === 'string' && typeof seconds === 'number') return { failure, seconds };
  throw new BilevelError('INVALID_FILE', `${path} does not say why a run failed.`);
}
