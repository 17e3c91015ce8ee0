#!/usr/bin/env node
import { setTimeout as sleep } from 'node:timers/promises';
import { Command, CommanderError, Option as Flag } from 'commander';
import { launched } from '../engine/launcher.js';
import { withConfigOptions } from './config.js';
import { printError } from './output.js';
import { guardStreams, printNote } from './print.js';
import { withBegunOptions } from './resume.js';
import { taskIn } from './study-words.js';
import { version } from './version.js';

const json = process.argv.includes('--json');

/** The commands beside those of studies, each loaded when it is asked for: that saves an inspection half a second. */
const commands: Readonly<Record<string, (program: Command) => Promise<Command>>> = {
  check: async () => (await import('./check.js')).checkCommand(),
  completion: async (program) => (await import('./completion.js')).completionCommand(() => program.commands),
  devices: async () => (await import('./devices.js')).devicesCommand(),
  doctor: async () => (await import('./doctor.js')).doctorCommand(),
  inspect: async () => (await import('./inspect.js')).inspectCommand(),
  merge: async () => (await import('./merge.js')).mergeCommand(),
  methods: async () => (await import('./methods.js')).methodsCommand(),
  review: async () => (await import('./review.js')).reviewCommand(),
};

async function studyCommands(words: readonly string[]): Promise<Command[]> {
  const [{ studiesFor }, { studyCommand }] = await Promise.all([
    import('../tasks/index.js'),
    import('./study-command.js'),
  ]);
  return studiesFor(taskIn(words)).map((study) => studyCommand(study, words));
}

/** The command that is asked for, where that is enough; else all. */
async function commandsFor(words: readonly string[], program: Command): Promise<Command[]> {
  const [name = ''] = words;
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  // Completion is that of all others.
  if (load !== undefined && name !== 'completion') return [await load(program)];
  if (['-V', '--version'].includes(name)) return [];
  const others = await Promise.all(Object.values(commands).map((load) => load(program)));
  return [...others, ...(await studyCommands(words))];
}

async function main(): Promise<void> {
  const words = await withBegunOptions(await withConfigOptions(process.argv.slice(2)));
  const program = new Command('bilevel')
    .description(
      'Bilevel optimization over neural networks: clean noisy data, compare methods, check derivatives, look into models.',
    )
    .version(version)
    .exitOverride()
    // Errors are printed below, all in one way.
    .configureOutput({ writeErr: () => undefined });
  for (const command of await commandsFor(words, program)) {
    command.addOption(
      new Flag(
        '--config <file>',
        'Options by name from a YAML or JSON file, or those that a study was begun with from its study.json, or the config.json of its runs; options that are given count',
      ),
    );
    program.addCommand(command.copyInheritedSettings(program));
  }
  try {
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.code === 'commander.help') printNote(program.helpInformation());
    else throw error;
    process.exitCode = error.exitCode;
  }
}

guardStreams();
main().catch(async (error: unknown) => {
  // Help and version were printed; they come as errors only to end the command.
  if (error instanceof CommanderError && error.exitCode === 0) return;
  const rank = launched()?.rank;
  // What fails on all ranks the first one tells of, and ends the others.
  if (rank !== undefined && rank > 0) await sleep(5000);
  printError(error, json);
  process.exitCode = 1;
  if (rank !== undefined) (await import('../engine/index.js')).abortRanks();
});
