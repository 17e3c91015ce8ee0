import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { readBytes } from '../data/files.js';
import { BilevelError, describe, isRecord } from '../errors.js';
import { readBegun } from '../study/begun.js';
import { flagName } from './flags.js';

/**
 * The words of a command line in which `--config FILE` is replaced by the options that the file has; those of the line
 * come behind, and so count.
 * @throws NOT_FOUND, IO_ERROR; INVALID_FILE for what is no record of options, and for options of another command
 */
export async function withConfigOptions(words: readonly string[]): Promise<readonly string[]> {
  const at = words.findIndex((word) => word === '--config' || word.startsWith('--config='));
  const [command = '', flag = ''] = [words[0], words[at]];
  const joined = flag.startsWith('--config=');
  const path = joined ? flag.slice('--config='.length) : words[at + 1];
  if (at < 1 || path === undefined || path === '' || (!joined && path.startsWith('-'))) return words;
  const given = [...words.slice(1, at), ...words.slice(at + (joined ? 1 : 2))];
  return [command, ...(await optionsOf(path, command)), ...given];
}

/**
 * The options of a file as words: of a study's folder those that it was begun with, else a record of options by name.
 */
async function optionsOf(path: string, command: string): Promise<readonly string[]> {
  const folder = folderOfStudy(path);
  if (folder !== undefined) {
    const begun = await readBegun(folder);
    checkCommand(path, begun.command, command);
    return begun.options;
  }
  const { command: named = command, ...options } = await readRecord(path);
  checkCommand(path, named, command);
  return Object.entries(options).flatMap(([key, value]) => wordsOf(path, key, value));
}

/** The folder of the study that a study.json, or the config.json of one of its runs, lies in. */
function folderOfStudy(path: string): string | undefined {
  if (!['config.json', 'study.json'].includes(basename(path))) return undefined;
  // A run lies in the folder of its study, or at most two below it: METHOD/seed-0.
  const own = dirname(path);
  return [own, dirname(own), dirname(dirname(own))].find((folder) => existsSync(join(folder, 'study.json')));
}

function checkCommand(path: string, named: unknown, command: string): void {
  if (named === command) return;
  throw new BilevelError('INVALID_FILE', `${path} has options of bilevel ${named}, not of bilevel ${command}.`);
}

async function readRecord(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = new TextDecoder().decode(await readBytes(path));
  // Loaded here, because a command that is given no file would begin later for it.
  const { parse, YAMLParseError } = await import('yaml');
  let value: unknown;
  try {
    // Aliases are what grows without bounds in YAML; options need few.
    value = parse(text, { maxAliasCount: 10 });
  } catch (error) {
    if (!(error instanceof YAMLParseError || error instanceof ReferenceError)) throw error;
    throw new BilevelError('INVALID_FILE', `${path} is neither YAML nor JSON: ${error.message}`);
  }
  if (isRecord(value)) return value;
  throw new BilevelError('INVALID_FILE', `Expected options by name in ${path}, such as "validation: 100".`);
}

/** An option as it is typed: `train-steps: 400`, `trainSteps: 400` and `methods: [grid, aidCg]`. */
function wordsOf(path: string, key: string, value: unknown): readonly string[] {
  const name = flagName(key);
  if (typeof value === 'boolean') return [value ? `--${name}` : `--no-${name}`];
  const parts = Array.isArray(value) ? value : [value];
  if (parts.every((part) => typeof part === 'string' || typeof part === 'number')) return [`--${name}=${parts.join()}`];
  throw new BilevelError(
    'INVALID_FILE',
    `Expected a number, a text, true, false or a list of these for ${key} in ${path} but received ${describe(value)}.`,
  );
}
