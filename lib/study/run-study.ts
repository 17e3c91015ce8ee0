import { join } from 'node:path';
import { checkFolderName } from '../data/files.js';
import type { Device } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { type Begun, fingerprintOf, holdsBegun, joinBegun, type StudyRecord, writeBegun } from './begun.js';
import type { Job, Report } from './job.js';
import { boardGalleries } from './job-board.js';
import { environmentOf, writePage } from './page.js';
import { holdsRun } from './run-files.js';
import { runJob } from './run-job.js';
import { jobsOf, type Shard } from './shard.js';
import type { Outcome, Results, StudyDefinition } from './study.js';

export interface StudyOptions {
  /** Folder of the results. */
  readonly out: string;
  /** Goes on with what `out` holds: jobs that ended are read, others go on, and those that are missing begin. */
  readonly resume?: boolean;
  readonly shard?: Shard;
  /** What is written into the folder, for `--resume` alone to go on; nothing by default. */
  readonly begun?: Begun;
  /** Longest time of a job without a checkpoint, in seconds; 60 by default. */
  readonly checkpointSeconds?: number;
  /** Folder of event files for TensorBoard, each job's in one of its path; without it there are none. */
  readonly tensorBoard?: string;
  readonly device: Device;
  readonly signal?: AbortSignal;
  readonly report?: Report;
}

/**
 * Does the jobs of a study, one after the other, and writes its page, also of what had ended when it is stopped.
 * @returns the results, the file of the page within their folder, but for a part of no jobs, and whether it was stopped
 * @throws INVALID_ARGUMENT where `out` holds a run that is not to be gone on with, NOT_FOUND where it holds none that
 *   could; STATE_MISMATCH where it holds parts of another study; what a job throws
 */
export async function runStudy<S, J extends Job, I, E extends object, M>(
  study: StudyDefinition<S, J, I, E, M>,
  settings: S,
  options: StudyOptions,
): Promise<{ readonly results: Results<S, J, M>; readonly page?: string; readonly stopped: boolean }> {
  const { out, resume = false, begun, shard, checkpointSeconds = 60, tensorBoard, device } = options;
  const { signal = new AbortController().signal, report = () => undefined } = options;
  const all = study.jobs(settings);
  const jobs = shard === undefined ? all : jobsOf(all, shard);
  const folderOf = ({ path }: Job): string => join(out, path);
  checkFolderName(out);
  const record = begun && recordOf(begun, all, device, shard);
  // Parts in one folder are of one study; without parts, what is asked for counts.
  if (record !== undefined && shard !== undefined && holdsBegun(out)) await joinBegun(out, record);
  checkFolders(out, jobs.map(folderOf), resume, shard);
  const outcomes: Outcome<J, M>[] = [];
  let loaded: { readonly key: string; readonly inputs: Promise<I> } | undefined;
  const load = (job: J): Promise<I> => {
    if (loaded?.key !== job.inputs) loaded = { key: job.inputs, inputs: study.load(job, device) };
    return loaded.inputs;
  };
  let isRecorded = record === undefined;
  const recordOnce = async (): Promise<void> => {
    if (record !== undefined && !isRecorded) await (shard === undefined ? writeBegun : joinBegun)(out, record);
    isRecorded = true;
  };
  let stopped = false;
  try {
    for (const [index, job] of jobs.entries()) {
      const place = jobs.length === 1 ? [] : [`run ${index + 1} of ${jobs.length}`];
      const tell: Report = (stage, done, total, detail) =>
        report(stage, done, total, [...place, ...(detail ? [detail] : [])].join('  '));
      const resources = { device, signal, report: tell, checkpointSeconds, resume };
      const folders = { path: folderOf(job), ...(tensorBoard && { tensorBoard: join(tensorBoard, job.path) }) };
      outcomes.push(
        await runJob(study, job, { ...resources, ...folders, inputs: () => load(job), record: recordOnce }),
      );
    }
  } catch (error) {
    if (!(error instanceof BilevelError && error.code === 'ABORTED')) throw error;
    stopped = true;
  }
  const results = { settings, folder: out, outcomes };
  // A part of a study with fewer jobs than parts.
  if (jobs.length === 0) {
    await recordOnce();
    return { results, stopped };
  }
  // The only run of a study may have the folder, and its page, for itself.
  const hasOwnPage = all.some(({ path }) => path === '');
  const page = hasOwnPage ? 'report.html' : await writePage(study, results, environmentOf(device), shard);
  if (tensorBoard !== undefined) await boardGalleries(tensorBoard, study.galleries?.(results) ?? []);
  return { results, page, stopped };
}

function recordOf(begun: Begun, jobs: readonly Job[], device: Device, shard: Shard | undefined): StudyRecord {
  const { kind, precision } = device.info();
  return { ...begun, device: kind, precision, ...(shard && { shards: shard.count }), runs: fingerprintOf(jobs) };
}

/** A part is begun where there is nothing to go on with, so that a scheduler may give the same line again. */
function checkFolders(out: string, folders: readonly string[], resume: boolean, shard: Shard | undefined): void {
  const begun = folders.filter(holdsRun);
  if (!resume && begun.length > 0) {
    throw new BilevelError('INVALID_ARGUMENT', `${begun[0]} already holds a run. Resume it, or choose another folder.`);
  }
  if (resume && shard === undefined && begun.length === 0) {
    throw new BilevelError(
      'NOT_FOUND',
      `${out} holds no run of these options that could go on. Check the options, or leave out --resume to start one.`,
    );
  }
}
