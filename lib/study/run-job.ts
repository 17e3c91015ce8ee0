import { isDeepStrictEqual } from 'node:util';
import type { Device } from '../engine/index.js';
import { BilevelError, type ErrorCode, isRecord } from '../errors.js';
import type { SavedState } from '../solvers/index.js';
import { Checkpoints } from './checkpoints.js';
import { fingerprintsOf } from './fingerprints.js';
import type { Job, Report, Resources, Run } from './job.js';
import { JobBoard } from './job-board.js';
import { plainJson, withNaN } from './json.js';
import { holdsRun, type Standing } from './run-files.js';
import { RunFolder } from './run-folder.js';
import type { Outcome, StudyDefinition } from './study.js';

export interface JobOptions<I> {
  /** The job's folder. */
  readonly path: string;
  readonly resume: boolean;
  readonly checkpointSeconds: number;
  /** Folder of its event files for TensorBoard, which otherwise is told nothing. */
  readonly tensorBoard?: string;
  readonly inputs: () => Promise<I>;
  /** Called once the job has its folder. */
  readonly record: () => Promise<void>;
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** Errors that tell of a method on this problem, and not of the study. */
const methodFailures: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'LIMIT_EXCEEDED',
  'NOT_DIFFERENTIABLE',
  'NON_FINITE',
  'INDEFINITE_HESSIAN',
  'SINGULAR_HESSIAN',
  'DIVERGED',
]);

interface Opened {
  readonly folder: RunFolder;
  readonly state?: SavedState | undefined;
  readonly standing: Standing;
}

/**
 * Does a job, or what is left of it, and measures what its folder then holds.
 * @throws ABORTED, with everything kept up to the last step; what the study's `load`, `run` and `measure` and RunFolder
 *   throw
 */
export async function runJob<S, J extends Job, I, E extends object, M>(
  study: StudyDefinition<S, J, I, E, M>,
  job: J,
  { path, resume, inputs, record, checkpointSeconds, tensorBoard, ...resources }: JobOptions<I>,
): Promise<Outcome<J, M>> {
  const startedAt = performance.now();
  // Of several jobs, those that had not begun when the study was stopped begin now.
  const goOn = resume && holdsRun(path);
  // Inputs come first, so that a fault of theirs leaves no folder behind that the next attempt would be refused for.
  if (!goOn) await inputs();
  const files = await fingerprintsOf(job.files ?? []);
  const { folder, state, standing }: Opened = goOn
    ? await RunFolder.resume(path, job.configuration, files)
    : { folder: await RunFolder.create(path, job.configuration, files), standing: {} };
  const seconds = (): number => (standing.seconds ?? 0) + (performance.now() - startedAt) / 1000;
  const measured = async (ending: E | undefined): Promise<Omit<Outcome<J, M>, 'seconds'>> => ({
    job,
    folder: path,
    measured: study.measure(job, withNaN(await folder.readMetrics()), ending),
  });
  try {
    await record();
    const known = endingOf<E>(standing.ending, job);
    if (known !== undefined) return { ...(await measured(known)), seconds: standing.seconds ?? 0 };
    const rows = withNaN(await folder.readMetrics());
    const board = tensorBoard === undefined ? undefined : await JobBoard.open(tensorBoard, job, rows);
    try {
      const saved = state && { state, rows };
      using run = await study.run(job, await inputs(), resources, saved);
      const checkpoints = new Checkpoints(run, folder, board, checkpointSeconds, seconds, saved !== undefined);
      await makeSteps(run, folder, board, checkpoints, job, resources);
      const ending = withNaN(plainJson(await run.end(folder, seconds)));
      await checkpoints.keep({ extent: job.extent ?? {}, result: ending });
      board?.sheet(run.sheet?.());
      board?.end('success');
      return { ...(await measured(ending)), seconds: seconds() };
    } catch (error) {
      if (!(study.goesOn && error instanceof BilevelError && methodFailures.has(error.code))) throw error;
      board?.end('failure');
      const failure = { failure: error.message, seconds: seconds() };
      await folder.writeFailure(failure);
      return { ...(await measured(undefined)), ...failure };
    } finally {
      board?.close();
    }
  } finally {
    await folder.close();
  }
}

/** What the job has come to, when it had ended with the same extent. */
export function endingOf<E extends object>(ending: unknown, { extent = {} }: Job): E | undefined {
  const isEnd = isRecord(ending) && isDeepStrictEqual(ending.extent, plainJson(extent));
  return isEnd ? withNaN(ending.result as E) : undefined;
}

/** All steps that are left, with checkpoints as often as was asked for, at those that ask for one, and when stopped. */
async function makeSteps(
  run: Run<object>,
  folder: RunFolder,
  board: JobBoard | undefined,
  checkpoints: Checkpoints,
  { title }: Job,
  { report, device: { ranks } }: Pick<Resources, 'report' | 'device'>,
): Promise<void> {
  try {
    for await (const { row, done, total, detail, stage = title, keep = false } of run.steps()) {
      await folder.appendMetrics(row);
      board?.row(row);
      await checkpoints.offer(keep);
      report(stage, done, total, detail);
      await ranks?.agree();
    }
  } catch (error) {
    if (!(error instanceof BilevelError)) throw error;
    if (error.code === 'ABORTED') await checkpoints.keepRest();
    if (error.code !== 'NON_FINITE') throw error;
    throw new BilevelError(error.code, `${error.message} Checkpoints of earlier steps stay in ${folder.path}.`, {
      cause: error,
    });
  }
}
