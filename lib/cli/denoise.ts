import { join, relative } from 'node:path';
import { Command, Option as Flag } from 'commander';
import { Device } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { penaltyOptions } from '../solvers/index.js';
import { denoisingOptions, type GivenDenoisingSettings, validateSettings } from '../tasks/denoising/index.js';
import { denoiseSeed, type SeedResult } from './denoise-seed.js';
import { summarize, summaryJson } from './denoise-summary.js';
import { addTableFlags, givenOptions, parsePositive } from './flags.js';
import { interruptSignal } from './interrupt.js';
import { Progress } from './progress.js';

interface Flags extends Readonly<Record<string, unknown>> {
  readonly seeds: number;
  readonly out?: string;
  readonly resume: boolean;
  readonly threads?: number;
  readonly json: boolean;
}

const examples = `
Examples:
  $ bilevel denoise                                  5,000 MNIST digits with half of the labels wrong
  $ bilevel denoise --settings authors --seeds 5     with the settings of the paper's authors, mean of 5 seeds
  $ bilevel denoise --data fashion-mnist --network mlp --noise 0.3
  $ bilevel denoise --network mnist-cnn --train 59000 --validation 1000 --noise 0.25 --out runs/cnn
  $ bilevel denoise --out runs/cnn --resume          with the same options: goes on where that run was stopped`;

export function denoiseCommand(): Command {
  const command = new Command('denoise')
    .description(
      'Finds wrong labels in training data: learns the importance of every training sample so that a network trained with\n' +
        'these importances does well on clean validation samples (penalty method).',
    )
    .addOption(
      new Flag('--seeds <integer>', 'Runs with this many seeds, from --seed on, and shows means')
        .argParser(parsePositive)
        .default(1),
    )
    .addOption(new Flag('--out <folder>', 'Folder of the results (default runs/ and the time)'))
    .addOption(new Flag('--resume', 'Goes on with the run in --out').default(false))
    .addOption(new Flag('--threads <integer>', 'Threads of the engine (default all cores)').argParser(parsePositive))
    .addOption(new Flag('--json', 'Prints the results as JSON, and no progress').default(false));
  const task = Object.fromEntries(
    Object.entries(denoisingOptions).filter(([key]) => !Object.hasOwn(penaltyOptions, key)),
  );
  addTableFlags(command, task, 'Experiment:');
  addTableFlags(command, penaltyOptions, 'Penalty method:');
  return command.addHelpText('after', examples).action(run);
}

async function run(flags: Flags): Promise<void> {
  const { seeds, resume, json, threads } = flags;
  if (resume && flags.out === undefined) {
    throw new BilevelError('INVALID_ARGUMENT', '--resume needs --out with the folder of the run to go on with.');
  }
  const out = flags.out ?? join('runs', `denoise-${new Date().toISOString().slice(0, 19).replace(/[:T]/g, '-')}`);
  const given: GivenDenoisingSettings = givenOptions(flags, denoisingOptions);
  const { seed: firstSeed } = validateSettings(given).task;
  const progress = new Progress(json);
  const { signal, release } = interruptSignal();
  using device = Device.cpu(threads === undefined ? {} : { threads });
  const results: SeedResult[] = [];
  try {
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const folder = seeds === 1 ? out : join(out, `seed-${seed}`);
      const settings = validateSettings({ ...given, seed });
      results.push(await denoiseSeed(settings, { folder, resume, device, signal, progress }));
    }
  } catch (error) {
    if (!(error instanceof BilevelError && error.code === 'ABORTED')) throw error;
    progress.stop();
    if (json) console.log(JSON.stringify({ interrupted: true, folder: out }));
    else console.error(`Stopped; everything so far is kept in ${out}. Go on with:\n  ${resumeCommand(out)}`);
    process.exitCode = 130;
    return;
  } finally {
    progress.stop();
    release();
  }
  if (json) console.log(JSON.stringify(summaryJson(results), undefined, 2));
  else console.log(summarize(results));
}

/** The command line that was given, with what makes it go on. */
function resumeCommand(out: string): string {
  const given = process.argv.slice(2).filter((word) => word !== '--resume');
  const folder = given.some((word) => word === '--out' || word.startsWith('--out=')) ? [] : ['--out', out];
  return ['node', relative(process.cwd(), process.argv[1] ?? 'bilevel'), ...given, ...folder, '--resume'].join(' ');
}
