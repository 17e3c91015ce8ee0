import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { isRecord } from '../errors.js';
import type { SavedState } from '../solvers/state.js';
import type { Fingerprints } from './fingerprints.js';
import type { Job, Rows } from './job.js';
import { withNaN } from './json.js';
import { readMetrics } from './metrics-file.js';
import {
  checkConfiguration,
  holdsRun,
  metricsFile,
  readCheckpoint,
  readConfiguration,
  readFailure,
  stateFile,
} from './run-files.js';
import { endingOf } from './run-job.js';

/** A job's run in a folder, which others may be working on. */
export type RunRecord =
  | { readonly stage: 'missing' }
  /** It has not come to its end, or not to the end that is asked for. */
  | { readonly stage: 'begun' }
  /** `ending` is undefined where its method could not do it, which `failure` tells. */
  | {
      readonly stage: 'ended';
      readonly rows: Rows;
      readonly ending: object | undefined;
      readonly failure?: string;
      readonly seconds: number;
      /** SHA-256 of all results but times: two runs of a job have the same. */
      readonly results: string;
      /** Of the files that it read. */
      readonly files: Fingerprints;
    };

/**
 * Reads a run without taking its folder.
 * @throws STATE_MISMATCH when the folder holds another one; INVALID_FILE for damaged files; IO_ERROR
 */
export async function readRun(path: string, job: Job): Promise<RunRecord> {
  if (!holdsRun(path)) return { stage: 'missing' };
  const { files = {}, ...configuration } = await readConfiguration(path);
  checkConfiguration(path, configuration, job.configuration);
  const read = { stage: 'ended', files: files as Fingerprints } as const;
  const checkpoint = await readCheckpoint(join(path, stateFile));
  const ending = endingOf<object>(checkpoint?.standing.ending, job);
  const metrics = join(path, metricsFile);
  if (checkpoint !== undefined && ending !== undefined) {
    const { state, standing } = checkpoint;
    const rows = withNaN(await readMetrics(metrics, checkpoint.metrics));
    return { ...read, rows, ending, seconds: standing.seconds ?? 0, results: digestOf([rows, ending], state) };
  }
  const failed = await readFailure(path);
  if (failed === undefined) return { stage: 'begun' };
  const rows = withNaN(await readMetrics(metrics));
  return { ...read, ...failed, rows, ending, results: digestOf([rows, failed.failure]) };
}

function digestOf(values: unknown, state?: SavedState): string {
  const hash = createHash('sha256').update(JSON.stringify(withoutTimes([values, state?.values])));
  for (const [name, { dtype, shape, data }] of state?.tensors ?? []) {
    hash.update(JSON.stringify([name, dtype, shape])).update(data);
  }
  return hash.digest('hex');
}

/** A value without what its keys call seconds or milliseconds, such as `trainingSeconds` or `wallMs`. */
export function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (!isRecord(value)) return value;
  const lasting = Object.entries(value).filter(([key]) => !/[sS]econds|Ms$/.test(key));
  return Object.fromEntries(lasting.map(([key, inner]) => [key, withoutTimes(inner)]));
}
