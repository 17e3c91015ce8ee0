import { join, relative } from 'node:path';
import { printJson, printNote } from './print.js';

/** Where a command puts its results when no folder is given: runs/, its name and the time. */
export function defaultFolder(command: string): string {
  return join('runs', `${command}-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}`);
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
