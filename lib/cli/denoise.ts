import { join } from 'node:path';
import { Command, Option as Flag } from 'commander';
import { BilevelError } from '../errors.js';
import { penaltyOptions } from '../solvers/index.js';
import { denoisingOptions, type GivenDenoisingSettings, validateSettings } from '../tasks/denoising/index.js';
import { denoiseSeed, type SeedResult } from './denoise-seed.js';
import { summarize, summaryJson } from './denoise-summary.js';
import { addDeviceFlags, type DeviceFlags, deviceOf } from './device-flags.js';
import { addTableFlags, givenOptions, parseNonNegative, parsePositive } from './flags.js';
import { interruptSignal } from './interrupt.js';
import { print, printJson } from './print.js';
import { Progress } from './progress.js';
import { checkResumable, defaultFolder, holdsRun, reportInterruption } from './resume.js';

interface Flags extends DeviceFlags, Readonly<Record<string, unknown>> {
  readonly seeds: number;
  readonly out?: string;
  readonly resume?: true;
  readonly checkpointSeconds: number;
  readonly json?: true;
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
      'Finds wrong labels in training data: learns the importance of every training sample so that a network trained with ' +
        'these importances does well on clean validation samples (penalty method).',
    )
    .addOption(
      new Flag('--seeds <integer>', 'Runs with this many seeds, from --seed on, and shows means')
        .argParser(parsePositive)
        .default(1),
    )
    .addOption(new Flag('--out <folder>', 'New folder for the results (default: runs/ and the time)'))
    .addOption(new Flag('--resume', 'Goes on with the stopped run in --out; give it the same options'))
    .addOption(
      new Flag(
        '--checkpoint-seconds <number>',
        'Longest time between checkpoints: what a run that is killed loses; 0 makes one after each iteration',
      )
        .argParser(parseNonNegative)
        .default(60),
    )
    .addOption(new Flag('--json', 'Prints the results as JSON, and no progress'));
  const task = Object.fromEntries(
    Object.entries(denoisingOptions).filter(([key]) => !Object.hasOwn(penaltyOptions, key)),
  );
  const defaults = denoisingOptions.settings.values.map((settings) => {
    const { task, method } = validateSettings({ settings });
    return { name: `--settings ${settings}`, values: { ...task, ...method } };
  });
  addTableFlags(command, task, 'Experiment:', defaults);
  addTableFlags(command, penaltyOptions, 'Penalty method:', defaults);
  return addDeviceFlags(command).addHelpText('after', examples).action(run);
}

async function run(flags: Flags): Promise<void> {
  const { seeds, resume = false, json = false, checkpointSeconds } = flags;
  const out = flags.out ?? defaultFolder('denoise');
  const given: GivenDenoisingSettings = givenOptions(flags, denoisingOptions);
  const { seed: firstSeed } = validateSettings(given).task;
  const runs = Array.from({ length: seeds }, (_, index) => ({
    settings: validateSettings({ ...given, seed: firstSeed + index }),
    folder: seeds === 1 ? out : join(out, `seed-${firstSeed + index}`),
  }));
  if (resume) {
    checkResumable(
      flags.out,
      runs.map(({ folder }) => folder),
    );
  }
  const progress = new Progress(json);
  const { signal, release } = interruptSignal();
  using device = deviceOf(flags);
  const results: SeedResult[] = [];
  try {
    for (const { settings, folder } of runs) {
      // Of several seeds, those that had not begun when the run was stopped begin now.
      const goOn = resume && holdsRun(folder);
      results.push(await denoiseSeed(settings, { folder, resume: goOn, checkpointSeconds, device, signal, progress }));
    }
  } catch (error) {
    if (!(error instanceof BilevelError && error.code === 'ABORTED')) throw error;
    progress.stop();
    reportInterruption(out, json);
    return;
  } finally {
    progress.stop();
    release();
  }
  if (json) printJson(summaryJson(results), 2);
  else print(summarize(results));
}
