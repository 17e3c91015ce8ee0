import { join, relative } from 'node:path';
import { createFolder } from '../data/files.js';
import { launched } from '../engine/launcher.js';
import { BilevelError } from '../errors.js';
import { readBegun } from '../study/begun.js';
import { printJson, printNote } from './print.js';

/** Creates the folder of a command's results when none is given: runs/, its name and the time. @throws IO_ERROR */
export function createDefaultFolder(command: string): Promise<string> {
  return createFolder(join('runs', `${command}-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}`));
}

/** Flags of where and how a study runs, which do not belong to what it is, and whether a value follows them. */
const passing: Readonly<Record<string, boolean>> = {
  '--out': true,
  '--resume': false,
  '--shard': true,
  '--json': false,
};

/** The words of a command line, without its command, that say what a study is. */
export function studyOptions(words: readonly string[]): string[] {
  return words.slice(1).filter((word, index, rest) => {
    const [name = ''] = word.split('=', 1);
    return !Object.hasOwn(passing, name) && passing[rest[index - 1] ?? ''] !== true;
  });
}

/**
 * The words of a command line in which `--resume FOLDER` is replaced by what the study of that folder was begun with;
 * what was given besides comes behind, and so counts.
 * @throws what `readBegun` throws; INVALID_ARGUMENT when the folder holds a study of another command
 */
export async function withBegunOptions(words: readonly string[]): Promise<readonly string[]> {
  const at = words.findIndex((word) => word === '--resume' || word.startsWith('--resume='));
  const [command, flag = ''] = [words[0], words[at]];
  const joined = flag.startsWith('--resume=');
  const folder = joined ? flag.slice('--resume='.length) : words[at + 1];
  if (at < 1 || folder === undefined || folder === '' || (!joined && folder.startsWith('-'))) return words;
  const begun = await readBegun(folder);
  if (begun.command !== command) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `${folder} holds a run of bilevel ${begun.command}, not of bilevel ${command}. Go on with it by: bilevel ${begun.command} --resume ${folder}`,
    );
  }
  const given = [...words.slice(1, at), ...words.slice(at + (joined ? 1 : 2))];
  return [command, ...begun.options, ...given, '--out', folder, '--resume'];
}

/** Says that a run was stopped with everything kept in `out`, and by what command it goes on; exit status 130. */
export function reportInterruption(command: string, out: string, shard: string | undefined, json: boolean): void {
  const launcher = launched()?.command;
  const line = [...(launcher === undefined ? [] : [launcher]), resumeLine(command, out, shard, json)].join(' ');
  if (json) printJson({ interrupted: true, folder: out, resume: line });
  else printNote(`Stopped; everything so far is kept in ${out}. Go on with:\n  ${line}`);
  process.exitCode = 130;
}

/** The command line that goes on with the study of a folder, for a POSIX shell. */
export function resumeLine(command: string, out: string, shard: string | undefined, json: boolean): string {
  const how = [...(shard === undefined ? [] : ['--shard', shard]), ...(json ? ['--json'] : [])];
  const words = ['node', relative(process.cwd(), process.argv[1] ?? 'bilevel'), command, ...how, '--resume', out];
  return words.map(quoteWord).join(' ');
}

function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
