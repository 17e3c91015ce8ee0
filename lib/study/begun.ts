import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ensureFolder, readBytes, writeFileAtomic, writeNewFile } from '../data/files.js';
import { BilevelError } from '../errors.js';
import { printableJson } from '../printable.js';
import type { Job } from './job.js';
import { parseRecord } from './record.js';

const recordFile = 'study.json';

/** How a study was begun, which stands in its folder so that `--resume` needs nothing else. */
export interface Begun {
  /** The study's command. */
  readonly command: string;
  /** The words that followed it, without those that say where and how: --out, --resume, --shard, --json. */
  readonly options: readonly string[];
  /** Of the package. */
  readonly version?: string | undefined;
}

/** What stands in study.json; files of earlier versions have the command and its options alone. */
export interface StudyRecord extends Begun {
  /** The kind of device that computes, such as cpu. */
  readonly device?: string | undefined;
  /** To what it rounds. */
  readonly precision?: string | undefined;
  /** Of how many parts this folder was to hold one, or some. */
  readonly shards?: number | undefined;
  /** SHA-256 of all runs and their options. */
  readonly runs?: string | undefined;
}

/** The same for the same runs with the same options, in whatever words these were given. */
export function fingerprintOf(jobs: readonly Job[]): string {
  const runs = jobs.map(({ path, configuration, extent = {} }) => ({ path, configuration, extent }));
  return createHash('sha256').update(JSON.stringify(runs)).digest('hex');
}

/** Writes study.json into the folder of a study. @throws IO_ERROR */
export async function writeBegun(folder: string, record: StudyRecord): Promise<void> {
  await ensureFolder(folder);
  await writeFileAtomic(join(folder, recordFile), textOf(record));
}

/**
 * The same for one of several processes that work in the folder, of which the first one writes the file.
 * @throws STATE_MISMATCH where it says something else; INVALID_FILE, IO_ERROR
 */
export async function joinBegun(folder: string, record: StudyRecord): Promise<void> {
  await ensureFolder(folder);
  if (await writeNewFile(join(folder, recordFile), textOf(record))) return;
  checkSameStudy({ folder, record: await readBegun(folder) }, { folder: 'this command', record });
}

/** Whether the folder says how a study was begun there. */
export const holdsBegun = (folder: string): boolean => existsSync(join(folder, recordFile));

/**
 * Reads study.json from the folder of a study.
 * @throws NOT_FOUND when there is none, INVALID_FILE when it is not what `writeBegun` writes; IO_ERROR
 */
export async function readBegun(folder: string): Promise<StudyRecord> {
  const path = join(folder, recordFile);
  if (!existsSync(path)) {
    throw new BilevelError(
      'NOT_FOUND',
      `${folder} holds no ${recordFile}, which says how a study was begun. Check the folder; for a run without that file give ` +
        `its options with --out ${folder} --resume.`,
    );
  }
  const record = parseRecord(new TextDecoder().decode(await readBytes(path)), path);
  if (isStudyRecord(record)) return record;
  throw new BilevelError('INVALID_FILE', `${path} does not say by which command and options a study was begun.`);
}

/**
 * Refuses to take two folders for parts of one study.
 * @throws STATE_MISMATCH with all that differs
 */
export function checkSameStudy(
  there: { readonly folder: string; readonly record: StudyRecord },
  here: { readonly folder: string; readonly record: StudyRecord },
): void {
  const differs = (key: keyof StudyRecord): boolean =>
    there.record[key] !== here.record[key] && there.record[key] !== undefined;
  const told = (key: keyof StudyRecord): string =>
    `${key} is ${String(there.record[key])} there and ${String(here.record[key] ?? 'unknown')} here`;
  const line = ({ command, options }: StudyRecord): string => ['bilevel', command, ...options].join(' ');
  const differences = [
    ...(['version', 'device', 'precision', 'shards'] as const).filter(differs).map(told),
    ...(differs('command') || differs('runs')
      ? [`it was begun there by "${line(there.record)}" and here by "${line(here.record)}"`]
      : []),
  ];
  if (differences.length === 0) return;
  throw new BilevelError(
    'STATE_MISMATCH',
    `${there.folder} and ${here.folder} are no parts of one study: ${differences.join('; ')}. Use the same options for all parts, or another folder.`,
  );
}

const textOf = (record: StudyRecord): string => `${printableJson(record, 2)}\n`;

function isStudyRecord(value: Record<string, unknown>): value is Record<string, unknown> & StudyRecord {
  const { command, options, shards = 1 } = value;
  const isText = (each: unknown): boolean => typeof each === 'string';
  return (
    isText(command) &&
    Array.isArray(options) &&
    options.every(isText) &&
    [value.version, value.device, value.precision, value.runs].every((each) => each === undefined || isText(each)) &&
    Number.isSafeInteger(shards) &&
    Number(shards) >= 1
  );
}
