import { realpath } from 'node:fs/promises';
import { Command, Option as Flag } from 'commander';
import { checkFolderName } from '../data/files.js';
import { type Gap, holdsBegun, mergeStudy, readBegun, type Source, shardText, writePage } from '../study/index.js';
import { findStudy } from '../tasks/index.js';
import { IncompleteError, type ToldGap } from './incomplete.js';
import { print, printJson, printNote } from './print.js';
import { resumeLine } from './resume.js';
import { parseStudy } from './study-command.js';
import { summarize } from './study-summary.js';
import { taskIn } from './study-words.js';

interface Flags {
  readonly partial?: boolean;
  readonly json?: boolean;
}

const examples = `
Examples:
  $ bilevel merge runs/whole runs/part-1 runs/part-2   joins what two parts have made
  $ bilevel merge runs/whole runs/part-*
  $ bilevel merge runs/shared                          parts that were made in one folder: tells what is missing`;

export function mergeCommand(): Command {
  return new Command('merge')
    .description(
      'Joins parts of a study that --shard made: copies their runs into one folder, checks that none is missing, damaged or ' +
        'different in two of them, and shows the whole as its own command does. The parts are only read.',
    )
    .argument('<out>', 'Folder of the whole, new or with what was merged or made there before')
    .argument('[parts...]', 'Folders of the parts; none where they were made in the folder of the whole')
    .addOption(new Flag('--partial', 'Shows what there is, where runs are missing or have not ended'))
    .addOption(new Flag('--json', 'Prints the results as JSON'))
    .addHelpText('after', examples)
    .action(merge);
}

async function merge(out: string, parts: readonly string[], { partial = false, json = false }: Flags): Promise<void> {
  const sources = await sourcesOf(out, parts);
  const { command, options } = sources[0].record;
  const words = [command, ...options];
  const { study, settings } = parseStudy(findStudy(command, taskIn(words)), words);
  const { results, gaps } = await mergeStudy(study, settings, out, sources);
  const told = gaps.map((gap): ToldGap => ({ ...gap, command: commandOf(command, gap) }));
  const mayLack =
    partial && results.outcomes.length > 0 && told.every(({ state }) => state === 'missing' || state === 'begun');
  if (told.length > 0 && !mayLack) throw new IncompleteError(out, told, results.outcomes.length);
  const isAlone = study.jobs(settings).some(({ path }) => path === '');
  const environment = { node: process.version, merged: parts.length === 0 ? out : parts.join(', ') };
  const page = isAlone ? 'report.html' : await writePage(study, results, environment);
  if (json) printJson({ folder: out, ...study.json(results), ...(told.length > 0 && { gaps: told }) }, 2);
  else print(summarize(study, results, page));
  if (told.length > 0 && !json) printNote(new IncompleteError(out, told, results.outcomes.length).message);
}

const commandOf = (command: string, { resume, shard }: Gap): string =>
  resumeLine(command, resume, shard && shardText(shard), false);

/** The folders with what their study.json says, each once, `out` first where it has one. */
async function sourcesOf(out: string, parts: readonly string[]): Promise<readonly [Source, ...Source[]]> {
  for (const folder of [out, ...parts]) checkFolderName(folder);
  const own = parts.length === 0 || holdsBegun(out) ? [out] : [];
  const known = new Set<string>();
  const sources: Source[] = [];
  for (const folder of [...own, ...parts]) {
    const record = await readBegun(folder);
    const place = await realpath(folder);
    if (!known.has(place)) sources.push({ folder, record });
    known.add(place);
  }
  return sources as [Source, ...Source[]];
}
