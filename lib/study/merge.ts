import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, copyFileAtomic, ensureFolder } from '../data/files.js';
import { BilevelError } from '../errors.js';
import { eventFilePrefix } from '../tensorboard/index.js';
import { checkSameStudy, fingerprintOf, holdsBegun, type StudyRecord, writeBegun } from './begun.js';
import type { Fingerprints } from './fingerprints.js';
import type { Job } from './job.js';
import { readRun } from './read-run.js';
import { boardFolder, configurationFile, runFiles } from './run-files.js';
import { lockFolder } from './run-lock.js';
import { partOf, type Shard } from './shard.js';
import type { Outcome, Results, StudyDefinition } from './study.js';

/** A folder of a study, or of a part of it, with how it was begun. */
export interface Source {
  readonly folder: string;
  readonly record: StudyRecord;
}

/** A run that cannot be taken: nobody began it, it has not ended, it is damaged, or it ended differently twice. */
export interface Gap {
  /** Its folder within that of the study; empty where this is the run's own. */
  readonly run: string;
  readonly state: 'missing' | 'begun' | 'damaged' | 'different';
  /** Where it was found. */
  readonly folders: readonly string[];
  /** What is damaged. */
  readonly reason?: string;
  /** The folder in which it can be made, and the part of the study that it belongs to there. */
  readonly resume: string;
  readonly shard?: Shard;
}

export interface Merged<S, J extends Job, M> {
  readonly results: Results<S, J, M>;
  readonly gaps: readonly Gap[];
}

/** What the folders hold of a job. */
interface Found<J> {
  readonly job: J;
  readonly ended: readonly { readonly source: Source; readonly results: string; readonly files: Fingerprints }[];
  readonly begun: readonly Source[];
  readonly damaged: readonly { readonly source: Source; readonly reason: string }[];
}

/**
 * Copies the runs of a study that ended in any of the folders into `out`, where it has not got them. A merge that was
 * killed can be made again. The folders are only read.
 * @param sources folders of the study; `out` may be the first of them
 * @returns the results of the runs that `out` then holds, and what is not among them
 * @throws STATE_MISMATCH for folders of different studies, and for runs that read different files; FOLDER_IN_USE while
 *   another process merges or works on a run in `out`; IO_ERROR
 */
export async function mergeStudy<S, J extends Job, I, E extends object, M>(
  study: StudyDefinition<S, J, I, E, M>,
  settings: S,
  out: string,
  sources: readonly [Source, ...Source[]],
): Promise<Merged<S, J, M>> {
  const jobs = study.jobs(settings);
  checkSources(sources, jobs);
  const all: Found<J>[] = [];
  for (const job of jobs) all.push(await find(job, sources));
  checkFiles(all);
  await ensureFolder(out);
  if (!holdsBegun(out)) await writeBegun(out, sources[0].record);
  const outcomes: Outcome<J, M>[] = [];
  for (const found of all.filter(isWhole)) outcomes.push(await take(study, found, out));
  const gaps = all.flatMap((found, position) => (isWhole(found) ? [] : [gapOf(found, position, all, sources, out)]));
  return { results: { settings, folder: out, outcomes }, gaps };
}

/** The command and its options are compared by what they come to. */
function checkSources(sources: readonly [Source, ...Source[]], jobs: readonly Job[]): void {
  const [first, ...others] = sources;
  for (const { folder, record } of others) {
    // Parts of parts are parts too.
    const { shards: _, ...there } = first.record;
    checkSameStudy({ folder: first.folder, record: there }, { folder, record });
  }
  if (first.record.runs === fingerprintOf(jobs)) return;
  throw new BilevelError(
    'STATE_MISMATCH',
    `The runs of ${first.folder} are not those that its options stand for in this version of the package: it was begun by version ${first.record.version ?? 'unknown'}. Use that version.`,
  );
}

async function find<J extends Job>(job: J, sources: readonly Source[]): Promise<Found<J>> {
  const ended: Found<J>['ended'][number][] = [];
  const begun: Source[] = [];
  const damaged: Found<J>['damaged'][number][] = [];
  for (const source of sources) {
    try {
      const run = await readRun(join(source.folder, job.path), job);
      if (run.stage === 'ended') ended.push({ source, results: run.results, files: run.files });
      if (run.stage === 'begun') begun.push(source);
    } catch (error) {
      if (!(error instanceof BilevelError && ['INVALID_FILE', 'NOT_FOUND'].includes(error.code))) throw error;
      damaged.push({ source, reason: error.message });
    }
  }
  return { job, ended, begun, damaged };
}

/** Runs read the same files wherever they were made. @throws STATE_MISMATCH */
function checkFiles(all: readonly Found<Job>[]): void {
  const known = new Map<string, { readonly hash: string; readonly folder: string }>();
  for (const { source, files } of all.flatMap(({ ended }) => ended)) {
    for (const [path, hash] of Object.entries(files)) {
      const before = known.get(path);
      if (before === undefined) known.set(path, { hash, folder: source.folder });
      else if (before.hash !== hash) {
        throw new BilevelError(
          'STATE_MISMATCH',
          `Runs of ${before.folder} and of ${source.folder} read different files of the name ${path}, so they are no parts of one study. Make one of them again.`,
        );
      }
    }
  }
}

/** Ended somewhere, and wherever it ended with the same results. */
const isWhole = ({ ended }: Found<Job>): boolean => new Set(ended.map(({ results }) => results)).size === 1;

/** Copies a run, unless it is there, and measures what then is there. */
async function take<S, J extends Job, I, E extends object, M>(
  study: StudyDefinition<S, J, I, E, M>,
  { job, ended }: Found<J>,
  out: string,
): Promise<Outcome<J, M>> {
  const folder = join(out, job.path);
  const [first] = ended;
  if (first !== undefined && ended.every(({ source }) => source.folder !== out)) {
    await copyEvents(first.source.folder, out, job.path);
    await copyRun(join(first.source.folder, job.path), folder);
  }
  const run = await readRun(folder, job);
  if (run.stage !== 'ended') throw new BilevelError('IO_ERROR', `${folder} changed while it was merged. Merge again.`);
  const { rows, ending, seconds, failure } = run;
  const measured = study.measure(job, rows, ending as E | undefined);
  return { job, folder, measured, seconds, ...(failure !== undefined && { failure }) };
}

/** What a run has shown TensorBoard, in place of what was there; before the run, which is not copied again. */
async function copyEvents(from: string, to: string, run: string): Promise<void> {
  const [source, target] = [join(from, boardFolder, run), join(to, boardFolder, run)];
  const eventsIn = async (folder: string): Promise<string[]> => {
    if (!existsSync(folder)) return [];
    const entries = await attempt('list', folder, () => readdir(folder, { withFileTypes: true }));
    return entries.flatMap((entry) => (entry.isFile() && entry.name.startsWith(eventFilePrefix) ? [entry.name] : []));
  };
  for (const name of await eventsIn(target)) await attempt('remove', join(target, name), () => rm(join(target, name)));
  const names = await eventsIn(source);
  if (names.length > 0) await ensureFolder(target);
  for (const name of names) await copyFileAtomic(join(source, name), join(target, name));
}

/** The file that makes the folder a run's goes first and comes last. */
async function copyRun(from: string, to: string): Promise<void> {
  await ensureFolder(to);
  const unlock = await lockFolder(to);
  try {
    for (const name of runFiles) {
      await attempt('remove', join(to, name), () => rm(join(to, name), { force: true }));
    }
    const entries = await attempt('list', from, () => readdir(from, { withFileTypes: true }));
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    const copied = names.filter((name) => runFiles.includes(name) && name !== configurationFile);
    for (const name of [...copied, configurationFile]) await copyFileAtomic(join(from, name), join(to, name));
  } finally {
    await unlock();
  }
}

function gapOf(
  { job, ended, begun, damaged }: Found<Job>,
  position: number,
  all: readonly Found<Job>[],
  sources: readonly [Source, ...Source[]],
  out: string,
): Gap {
  const run = job.path;
  const [spoiled] = damaged;
  const [source] = [...begun, ...damaged.map((each) => each.source), ...homesOf(position, all, sources, out)];
  const { folder, record } = source ?? { folder: out, record: sources[0].record };
  const how = {
    resume: folder,
    ...(record.shards !== undefined && { shard: { index: partOf(position, record.shards), count: record.shards } }),
  };
  const names = (found: readonly { readonly folder: string }[]): string[] =>
    found.map((each) => join(each.folder, run));
  if (ended.length > 0) return { run, state: 'different', folders: names(ended.map((each) => each.source)), ...how };
  if (begun.length > 0) return { run, state: 'begun', folders: names(begun), ...how };
  if (spoiled === undefined) return { run, state: 'missing', folders: [], ...how };
  return { run, state: 'damaged', folders: names(damaged.map((each) => each.source)), reason: spoiled.reason, ...how };
}

/** Folders in which other runs of the same part were made, `out` last. */
function homesOf(position: number, all: readonly Found<Job>[], sources: readonly Source[], out: string): Source[] {
  const isHome = ({ folder, record: { shards = 1 } }: Source): boolean =>
    all.some(
      ({ ended, begun }, at) =>
        partOf(at, shards) === partOf(position, shards) &&
        [...ended.map(({ source }) => source), ...begun].some((source) => source.folder === folder),
    );
  return sources.filter(isHome).toSorted((a, b) => Number(a.folder === out) - Number(b.folder === out));
}
