import { join } from 'node:path';
import { Command, Option as Flag, InvalidArgumentError } from 'commander';
import { DecisionsFile, decisionsSoFar, reviewApp, serveLocally } from '../review/index.js';
import { reviewOf } from '../tasks/index.js';
import { parseNonNegative, parsePositive } from './flags.js';
import { interruptSignal } from './interrupt.js';
import { print, printJson, style } from './print.js';

interface Flags {
  readonly decisions?: string;
  readonly below: number;
  readonly count: number;
  readonly port: number;
  readonly json?: true;
}

const examples = `
Examples:
  $ bilevel review runs/flowers                      the suspicious samples, lightest first
  $ bilevel review runs/flowers --below 1 --count 50
  $ bilevel denoise --data flowers.csv --label species --decisions runs/flowers/decisions.csv
                                                     another round, with what was decided`;

export function reviewCommand(): Command {
  return new Command('review')
    .description(
      'Shows the suspicious samples of a run of bilevel denoise in a browser on this machine, to keep, fix or drop their labels, and ' +
        'writes each decision to a CSV file as it is made.',
    )
    .argument('<run>', 'Folder of a run of bilevel denoise that has ended')
    .addOption(
      new Flag(
        '--decisions <file>',
        'File of the decisions, which is gone on with (default: decisions.csv in the run)',
      ),
    )
    .addOption(
      new Flag('--below <number>', 'Shows samples that weigh less than this').argParser(parseNonNegative).default(0.5),
    )
    .addOption(new Flag('--count <integer>', 'Shows at most so many').argParser(parsePositive).default(1000))
    .addOption(
      new Flag('--port <integer>', 'Port of this machine; 0 takes any that is free').argParser(parsePort).default(0),
    )
    .addOption(new Flag('--json', 'Prints the address as JSON'))
    .addHelpText('after', examples)
    .action(run);
}

function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535) throw new InvalidArgumentError('Expected a port from 0 to 65535.');
  return port;
}

async function run(folder: string, { decisions, below, count, port, json }: Flags): Promise<void> {
  const path = decisions ?? join(folder, 'decisions.csv');
  const review = await reviewOf(folder, { below, count, decided: await decisionsSoFar(path) });
  const file = await DecisionsFile.open(path, review.classes);
  const { signal, release } = interruptSignal();
  const served = await serveLocally(reviewApp(review, file), port);
  const samples = review.samples.length;
  if (json) printJson({ url: served.url, decisions: file.path, samples });
  else {
    print(`${samples} suspicious samples; open ${style('bold', served.url)} in a browser.`);
    print(`Decisions are saved in ${file.path} as they are made. Ctrl-C ends the review.`);
  }
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve());
  });
  await served.close();
  release();
}
