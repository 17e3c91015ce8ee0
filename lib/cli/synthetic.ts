import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option as Flag } from 'commander';
import { Device } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { RunFolder } from '../report/run-folder.js';
import {
  nameOfRun,
  paperPlan,
  type RunKey,
  type RunResult,
  readRun,
  runSynthetic,
  runsOf,
  type SyntheticSettings,
  syntheticOptions,
  validateSettings,
  writeRun,
} from '../tasks/synthetic/index.js';
import { addTableFlags, givenOptions, parseList, parsePositive } from './flags.js';
import { interruptSignal } from './interrupt.js';
import { print, printJson } from './print.js';
import { Progress } from './progress.js';
import { checkResumable, defaultFolder, reportInterruption } from './resume.js';
import { writeSyntheticReport } from './synthetic-report.js';
import { runRows, type SyntheticStudy, summarize, summaryJson } from './synthetic-summary.js';

interface Flags extends Readonly<Record<string, unknown>> {
  readonly problems: readonly string[];
  readonly methods: readonly string[];
  readonly T: readonly number[];
  readonly out?: string;
  readonly resume?: true;
  readonly threads: number;
  readonly json?: true;
}

const examples = `
Examples:
  $ bilevel synthetic                                        figures 1 and 2 of the paper: 48 runs
  $ bilevel synthetic --problems P1,P2 --methods penalty,approxGrad --T 10 --iterations 10000
  $ bilevel synthetic --problems P4 --matrix perTrial        a matrix of its own for every trial
  $ bilevel synthetic --methods soba,stocbio --T 10          any method of bilevel methods
  $ bilevel synthetic --out runs/paper --resume              goes on, and adds runs that the folder lacks`;

export function syntheticCommand(): Command {
  const command = new Command('synthetic')
    .description(
      "Runs methods on the penalty paper's synthetic problems, whose solutions are known, and compares distances and times " +
        'with the published ones.',
    )
    .addOption(
      new Flag('--problems <list>', 'Problems: P1 to P4, and P5, which the paper does not show')
        .argParser(parseList)
        .default(paperPlan.problems, paperPlan.problems.join(',')),
    )
    .addOption(
      new Flag('--methods <list>', 'Methods: names that bilevel methods lists')
        .argParser(parseList)
        .default(paperPlan.methods, paperPlan.methods.join(',')),
    )
    .addOption(
      new Flag('--T <list>', 'Numbers of lower steps for a step of u')
        .argParser((text: string) => parseList(text).map(parsePositive))
        .default(paperPlan.lowerSteps, paperPlan.lowerSteps.join(',')),
    )
    .addOption(new Flag('--out <folder>', 'New folder for the results (default: runs/ and the time)'))
    .addOption(
      new Flag(
        '--resume',
        'Keeps the finished runs in --out and makes the others; --problems, --methods and --T may change',
      ),
    )
    .addOption(
      new Flag('--threads <integer>', 'Threads of the engine; the tensors are too small for more than one')
        .argParser(parsePositive)
        .default(1),
    )
    .addOption(new Flag('--json', 'Prints the results as JSON, and no progress'));
  addTableFlags(command, syntheticOptions, 'Experiment:', [{ name: '', values: {} }]);
  return command.addHelpText('after', examples).action(run);
}

async function run(flags: Flags): Promise<void> {
  const { problems, methods, T, resume = false, json = false, threads } = flags;
  const out = flags.out ?? defaultFolder('synthetic');
  const settings = validateSettings(givenOptions(flags, syntheticOptions));
  const keys = runsOf({ problems, methods, lowerSteps: T });
  if (resume) checkResumable(flags.out, [out]);
  const progress = new Progress(json);
  const { signal, release } = interruptSignal();
  const folder = resume ? (await RunFolder.resume(out, settings)).folder : await RunFolder.create(out, settings);
  try {
    using device = Device.cpu({ threads });
    const runs = await makeRuns(keys, settings, { folder: out, device, signal, progress });
    progress.stop();
    const study: SyntheticStudy = { settings, runs, folder: out };
    for (const row of runRows(study)) await folder.appendMetrics(row);
    await writeSyntheticReport(study, folder, device);
    if (json) printJson(summaryJson(study), 2);
    else print(summarize(study));
  } catch (error) {
    if (!(error instanceof BilevelError && error.code === 'ABORTED')) throw error;
    progress.stop();
    reportInterruption(out, json);
  } finally {
    await folder.close();
    progress.stop();
    release();
  }
}

interface Resources {
  readonly folder: string;
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Every run that its file does not hold yet is made and kept. */
async function makeRuns(
  keys: readonly RunKey[],
  settings: SyntheticSettings,
  { folder, device, signal, progress }: Resources,
): Promise<RunResult[]> {
  const runs: RunResult[] = [];
  const total = keys.length * settings.iterations;
  for (const [index, key] of keys.entries()) {
    const path = join(folder, `${nameOfRun(key)}.safetensors`);
    const show = (iterations: number): void => {
      const detail = `${key.problem} ${key.method} T = ${key.lowerSteps}, run ${index + 1} of ${keys.length}`;
      progress.update('Synthetic', index * settings.iterations + iterations, total, detail);
    };
    show(0);
    if (existsSync(path)) {
      runs.push(await readRun(path, key));
    } else {
      const result = await runSynthetic(key, settings, { device, signal, onProgress: show });
      await writeRun(path, result);
      runs.push(result);
    }
  }
  progress.update('Synthetic', total, total);
  return runs;
}
