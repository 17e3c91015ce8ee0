import { basename, join, resolve } from 'node:path';
import { Command, Option as Flag } from 'commander';
import { checkFolderName, removeIfEmpty } from '../data/files.js';
import { joinRanks } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { type AnyStudy, boardFolder, parseShard, runStudy, type Shard, shardText } from '../study/index.js';
import { addDeviceFlags, type DeviceFlags, deviceOf } from './device-flags.js';
import { addTableFlags, checked, givenOptions, parseNonNegative } from './flags.js';
import { interruptSignal } from './interrupt.js';
import { print, printJson } from './print.js';
import { Progress } from './progress.js';
import { folderOf, requireSameStart, speaksForAll, warnOfUnrelatedTasks } from './ranks.js';
import { createDefaultFolder, reportInterruption, studyOptions } from './resume.js';
import { summarize } from './study-summary.js';
import { version } from './version.js';

interface Flags extends DeviceFlags, Readonly<Record<string, unknown>> {
  readonly out?: string;
  readonly resume?: true;
  readonly shard?: Shard;
  readonly checkpointSeconds: number;
  readonly tensorboard?: boolean | string;
  readonly json?: true;
}

/** A study with its settings. */
export interface Asked {
  readonly study: AnyStudy;
  readonly settings: unknown;
}

/**
 * The command of a study: everything follows from its record.
 * @param words of the command line
 */
export function studyCommand(study: AnyStudy, words: readonly string[]): Command {
  const { name, summary, examples, options, threads } = study;
  const command = new Command(name)
    .description(summary)
    .addOption(new Flag('--out <folder>', 'New folder for the results (default: runs/ and the time)'))
    .addOption(
      new Flag(
        '--resume [folder]',
        'Goes on with the runs of a folder, with the options that they were begun with; what has ended is read, what it lacks is added, and options that are given count',
      ),
    )
    .addOption(
      new Flag(
        '--shard <i/n>',
        'Makes the i-th of n parts of the runs, of which bilevel merge makes the whole; auto takes i and n, and auto/n takes i, from the environment of a task of Slurm, Grid Engine, PBS, LSF or Kubernetes',
      ).argParser(checked((text) => parseShard(text))),
    )
    .addOption(
      new Flag(
        '--checkpoint-seconds <number>',
        'Longest time between checkpoints: what a run that is killed loses; 0 makes one after each step',
      )
        .argParser(parseNonNegative)
        .default(60),
    )
    .addOption(
      new Flag(
        '--tensorboard [folder]',
        'Writes event files for TensorBoard, into tensorboard in the folder of the results or into one of its name in this folder',
      ),
    )
    .addOption(new Flag('--no-tensorboard').hideHelp())
    .addOption(new Flag('--json', 'Prints the results as JSON, and no progress'));
  const defaults = study.defaults?.() ?? [{ name: '', values: {} }];
  for (const [group, table] of Object.entries(options)) addTableFlags(command, table, group, defaults);
  const width = Math.max(...examples.map(([line, meaning]) => (meaning === '' ? 0 : line.length)));
  const lines = examples.map(([line, meaning]) =>
    meaning === '' ? `  $ bilevel ${name} ${line}` : `  $ bilevel ${name} ${line.padEnd(width)}   ${meaning}`,
  );
  return addDeviceFlags(command, threads)
    .addHelpText('after', ['', 'Examples:', ...lines].join('\n'))
    .action((flags: Flags) => run(study, flags, words));
}

async function run(asked: AnyStudy, flags: Flags, words: readonly string[]): Promise<void> {
  const { resume = false, json = false, shard, checkpointSeconds } = flags;
  if (resume && flags.out === undefined) {
    throw new BilevelError('INVALID_ARGUMENT', '--resume needs the folder of the run to go on with: --resume FOLDER.');
  }
  const { study, settings } = settingsOf(asked, flags);
  const ranks = joinRanks();
  warnOfUnrelatedTasks(shard !== undefined);
  using device = deviceOf({ ...flags, threads: flags.threads ?? study.threads }, ranks);
  if (ranks !== undefined) await requireSameStart(ranks, device, words);
  const speaks = speaksForAll();
  const named = flags.out ?? (speaks ? await createDefaultFolder(asked.name) : '');
  const { path: out, remove } = await folderOf(ranks, named, resume);
  const progress = new Progress(json || !speaks);
  const { signal: own, release } = interruptSignal();
  const signal = ranks?.agreed(own) ?? own;
  const report = progress.update.bind(progress);
  try {
    const begun = { command: study.name, options: studyOptions(words), version };
    const tensorBoard = speaks ? eventsFolder(flags.tensorboard, out) : undefined;
    const folders = { out, ...(tensorBoard && { tensorBoard }) };
    const given = { ...folders, resume, begun, checkpointSeconds, device, signal, report, ...(shard && { shard }) };
    const { results, page, stopped } = await runStudy(study, settings, given);
    progress.stop();
    if (!speaks) {
      if (stopped) process.exitCode = 130;
    } else if (stopped) reportInterruption(study.name, out, shard && shardText(shard), json);
    else if (json) printJson({ folder: results.folder, ...study.json(results) }, 2);
    else if (page === undefined) print('This part has no runs: the study has fewer than parts.');
    else print(summarize(study, results, page));
  } finally {
    progress.stop();
    release();
    if (flags.out === undefined && speaks) await removeIfEmpty(out);
    await remove();
  }
}

function settingsOf(asked: AnyStudy, flags: Readonly<Record<string, unknown>>): Asked {
  const options = givenOptions(flags, Object.assign({}, ...Object.values(asked.options)));
  const study = asked.instead?.(options) ?? asked;
  return { study, settings: study.validate(options) };
}

/** What the words of a study's command line ask for. @throws as the command does */
export function parseStudy(asked: AnyStudy, words: readonly string[]): Asked {
  const command = studyCommand(asked, words)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parseOptions(words.slice(1));
  return settingsOf(asked, command.opts());
}

/** Where event files go; into a folder of several studies each has one of its own. */
function eventsFolder(asked: boolean | string | undefined, out: string): string | undefined {
  if (asked === '') checkFolderName(asked);
  if (typeof asked === 'string') return join(asked, basename(resolve(out)));
  return asked ? join(out, boardFolder) : undefined;
}
