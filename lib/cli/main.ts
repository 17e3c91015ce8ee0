#!/usr/bin/env node
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { Command, CommanderError, Option as Flag } from 'commander';
import { studiesFor } from '../tasks/index.js';
import { checkCommand } from './check.js';
import { completionCommand } from './completion.js';
import { withConfigOptions } from './config.js';
import { devicesCommand } from './devices.js';
import { inspectCommand } from './inspect.js';
import { methodsCommand } from './methods.js';
import { printError } from './output.js';
import { guardStreams, printNote } from './print.js';
import { withBegunOptions } from './resume.js';
import { reviewCommand } from './review.js';
import { studyCommand } from './study-command.js';

const { version } = createRequire(import.meta.url)('bilevel/package.json') as { version: string };

const json = process.argv.includes('--json');

async function main(): Promise<void> {
  const words = await withBegunOptions(await withConfigOptions(process.argv.slice(2)));
  // The options of a comparison are those of its task, so that is looked for first.
  const { task } = parseArgs({ args: [...words], strict: false, options: { task: { type: 'string' } } }).values;
  const program = new Command('bilevel')
    .description(
      'Bilevel optimization over neural networks: clean noisy data, compare methods, check derivatives, look into models.',
    )
    .version(version)
    .exitOverride()
    // Errors are printed below, all in one way.
    .configureOutput({ writeErr: () => undefined });
  for (const command of [
    checkCommand(),
    completionCommand(() => program.commands),
    devicesCommand(),
    inspectCommand(),
    methodsCommand(),
    reviewCommand(),
    ...studiesFor(String(task)).map((study) => studyCommand(study, words)),
  ]) {
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
main().catch((error: unknown) => {
  // Help and version were printed; they come as errors only to end the command.
  if (error instanceof CommanderError && error.exitCode === 0) return;
  printError(error, json);
  process.exitCode = 1;
});
