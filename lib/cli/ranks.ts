import { existsSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Device, Ranks } from '../engine/index.js';
import { launched } from '../engine/launcher.js';
import { BilevelError } from '../errors.js';
import { version } from './version.js';

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
  const folder =
    ranks.rank === 0 ? { path: out, remove: async () => undefined } : await scratchFolder(ranks, out, resume);
  // The first one changes its files only when the others have their copies.
  await ranks.agree();
  return folder;
}

async function scratchFolder(ranks: Ranks, out: string, resume: boolean): Promise<RankFolder> {
  if (resume && !existsSync(out)) {
    throw new BilevelError(
      'NOT_FOUND',
      `The folder ${out}, which is to be gone on with, is not there on ${ranks.name}. Keep it where all hosts see it, ` +
        'or copy it to each.',
    );
  }
  const scratch = await mkdtemp(join(tmpdir(), `bilevel-rank-${ranks.rank}-`));
  const path = join(scratch, 'results');
  if (resume) await cp(out, path, { recursive: true, filter: (from) => !from.includes('/.lock.') });
  return { path, remove: () => rm(scratch, { recursive: true, force: true }) };
}
