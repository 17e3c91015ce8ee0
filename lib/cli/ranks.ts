import { existsSync } from 'node:fs';
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device, Ranks } from '../engine/index.js';
import { launched, unrelatedTasks } from '../engine/launcher.js';
import { BilevelError } from '../errors.js';
import { isAbandoned, lockFolder } from '../study/index.js';
import { printNote } from './print.js';
import { version } from './version.js';

/**
 * Says so, once, where Slurm started several processes that do not know each other: each does all the work.
 * @param parted whether each was given a part of it
 */
export function warnOfUnrelatedTasks(parted: boolean): void {
  const tasks = unrelatedTasks();
  if (tasks === undefined || parted || process.env.SLURM_PROCID !== '0') return;
  printNote(
    `srun started ${tasks} processes that know nothing of each other, so each does all of the work. To have them work ` +
      'together: srun --mpi=pmix (srun --mpi=list names what there is); to have each do a part: --shard.',
  );
}

/** Whether this process speaks for all that a launcher of MPI started together with it. */
export const speaksForAll = (): boolean => (launched()?.rank ?? 0) === 0;

/**
 * Ranks have the same bits only where they compute in the same way.
 * @param words of the command line
 * @throws RANKS_LOST on all of them, naming what differs
 */
export async function requireSameStart(ranks: Ranks, device: Device, words: readonly string[]): Promise<void> {
  const { threads, precision, library, instructionSet } = device.info();
  await ranks.requireSame({
    'the version of the package': version,
    'the options': words.join(' '),
    'the threads': String(threads),
    'the precision': precision,
    'the library of products': library,
    'the instruction set': instructionSet,
  });
}

/** A folder for the files of a rank. */
export interface RankFolder {
  readonly path: string;
  /** Removes it where it is not the results' own. */
  remove(): Promise<void>;
}

/**
 * The first rank writes the results; the others, which compute the same, write theirs where nobody looks, and go on
 * from a copy of what is there.
 * @throws NOT_FOUND where another rank does not see the folder that is to be gone on with
 */
export async function folderOf(ranks: Ranks | undefined, out: string, resume: boolean): Promise<RankFolder> {
  if (ranks === undefined) return { path: out, remove: async () => undefined };
  // What was not begun yet is begun: the same line does for the first time.
  const [first] = await ranks.gather(resume && existsSync(out) ? 'begun' : 'new');
  const folder =
    ranks.rank === 0
      ? { path: out, remove: async () => undefined }
      : await scratchFolder(ranks, first === 'begun' ? out : undefined);
  // The first one changes its files only when the others have their copies.
  await ranks.agree();
  return folder;
}

/** @param begun the results to go on from */
async function scratchFolder(ranks: Ranks, begun: string | undefined): Promise<RankFolder> {
  if (begun !== undefined && !existsSync(begun)) {
    throw new BilevelError(
      'NOT_FOUND',
      `The folder ${begun}, which is to be gone on with, is not there on ${ranks.name}. Keep it where all hosts see it, ` +
        'or copy it to each.',
    );
  }
  await removeAbandoned();
  const scratch = await mkdtemp(join(tmpdir(), scratchName));
  const unlock = await lockFolder(scratch);
  const path = join(scratch, 'results');
  if (begun !== undefined) await cp(begun, path, { recursive: true, filter: (from) => !from.includes('/.lock.') });
  return {
    path,
    remove: async () => {
      await unlock();
      await rm(scratch, { recursive: true, force: true });
    },
  };
}

const scratchName = 'bilevel-rank-';

/** Removes what ranks left that were killed. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    // Another rank may remove it at the same time, and that of another user may not be looked into.
    const isLeft = name.startsWith(scratchName) && (await isAbandoned(folder).catch(() => false));
    if (isLeft) await rm(folder, { recursive: true, force: true });
  }
}
