#!/usr/bin/env node
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { checkCommand } from './check.js';
import { denoiseCommand } from './denoise.js';
import { inspectCommand } from './inspect.js';
import { printError } from './output.js';

const { version } = createRequire(import.meta.url)('bilevel/package.json') as { version: string };

const program = new Command('bilevel')
  .description('Bilevel optimization over neural networks: clean noisy data, check derivatives, look into models.')
  .version(version)
  .showHelpAfterError('Use --help for all options.')
  .addCommand(denoiseCommand())
  .addCommand(checkCommand())
  .addCommand(inspectCommand());

program.parseAsync().catch((error: unknown) => {
  printError(error, process.argv.includes('--json'));
  process.exitCode = 1;
});
