import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { BilevelError } from '../errors.js';
import { printJson, printNote } from './print.js';

/** Where a command puts its results when no folder is given: runs/, its name and the time. */
export function defaultFolder(command: string): string {
  return join('runs', `${command}-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}`);
}

export function holdsRun(folder: string): boolean {
  return existsSync(join(folder, 'config.json'));
}

/**
 * Refuses to resume without a folder, or where none of the folders holds a run.
 * @param out what --out was given
 * @throws INVALID_ARGUMENT without a folder, NOT_FOUND when there is nothing to go on with
 */
export function checkResumable(out: string | undefined, folders: readonly string[]): void {
  if (out === undefined) {
    throw new BilevelError('INVALID_ARGUMENT', '--resume needs --out with the folder of the run to go on with.');
  }
  if (folders.some(holdsRun)) return;
  throw new BilevelError(
    'NOT_FOUND',
    `${out} holds no run of these options that could go on. Check the options, or leave out --resume to start one.`,
  );
}

/** Says that a run was stopped with everything kept in `out`, and by what command it goes on; exit status 130. */
export function reportInterruption(out: string, json: boolean): void {
  const command = resumeCommand(out);
  if (json) printJson({ interrupted: true, folder: out, resume: command });
  else printNote(`Stopped; everything so far is kept in ${out}. Go on with:\n  ${command}`);
  process.exitCode = 130;
}

/** The command line that was given, with what makes it go on, for a POSIX shell. */
function resumeCommand(out: string): string {
  const given = process.argv.slice(2).filter((word) => word !== '--resume');
  const folder = given.some((word) => word === '--out' || word.startsWith('--out=')) ? [] : ['--out', out];
  const words = ['node', relative(process.cwd(), process.argv[1] ?? 'bilevel'), ...given, ...folder, '--resume'];
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
