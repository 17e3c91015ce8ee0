import { join } from 'node:path';
import { Command, Option as Flag, InvalidArgumentError } from 'commander';
import { ensureFolder, writeFileAtomic } from '../data/files.js';
import { BilevelError } from '../errors.js';
import {
  type Budget,
  comparedMethods,
  type HyperCleaningData,
  hyperCleaningOptions,
  loadHyperCleaningData,
  type MethodRun,
  methodRun,
  type TaskSettings,
  validateTask,
} from '../tasks/hyper-cleaning/index.js';
import { compareMethod, type MethodOutcome, type MethodResources } from './compare-method.js';
import { comparisonReport } from './compare-report.js';
import { comparisonJson, summarize } from './compare-summary.js';
import type { Comparison } from './compare-tables.js';
import { addDeviceFlags, type DeviceFlags, deviceOf } from './device-flags.js';
import { environmentOf } from './environment.js';
import { addTableFlags, givenOptions, parseList, parsePositive } from './flags.js';
import { interruptSignal } from './interrupt.js';
import { print, printJson } from './print.js';
import { Progress } from './progress.js';
import { checkResumable, defaultFolder, holdsRun, reportInterruption } from './resume.js';

interface Flags extends DeviceFlags, Readonly<Record<string, unknown>> {
  readonly methods: readonly string[];
  readonly seconds: number;
  readonly evaluations?: number;
  readonly batch?: number;
  readonly seeds: number;
  readonly out?: string;
  readonly resume?: true;
  readonly json?: true;
}

const examples = `
Examples:
  $ bilevel compare                                      every method for a minute each
  $ bilevel compare --methods vrbo,mrbo,sustain --noise 0.15 --seeds 3
  $ bilevel compare --evaluations 20000 --json           so many gradients and products each
  $ bilevel compare --out runs/compare --resume          with more --seconds all methods train on`;

export function compareCommand(): Command {
  const command = new Command('compare')
    .description(
      'Trains with many methods on one problem, the hyper-cleaning of MNIST (Yang, Ji and Liang 2021), for an equal time or ' +
        'an equal number of evaluations each, and shows how fast their losses fall, beside the published figures.',
    )
    .addOption(
      new Flag('--methods <list>', 'Names of methods, with commas (bilevel methods lists them)')
        .argParser(parseList)
        .default(comparedMethods, 'all that have settings of their own'),
    )
    .addOption(
      new Flag('--seconds <number>', 'Seconds of training for each method').argParser(parseSeconds).default(60),
    )
    .addOption(
      new Flag('--evaluations <integer>', 'Gradients and products for each method, in place of seconds')
        .argParser(parsePositive)
        .conflicts('seconds'),
    )
    .addOption(
      new Flag('--batch <integer>', 'Mini-batch of every method (default: that of its settings)').argParser(
        parsePositive,
      ),
    )
    .addOption(
      new Flag('--seeds <integer>', 'Trains with this many seeds, from --seed on, and shows means')
        .argParser(parsePositive)
        .default(1),
    )
    .addOption(new Flag('--out <folder>', 'Folder for the results (default: runs/ and the time)'))
    .addOption(new Flag('--resume', 'Goes on with what --out holds; methods that ended are not trained again'))
    .addOption(new Flag('--json', 'Prints the results as JSON, and no progress'));
  addTableFlags(command, hyperCleaningOptions, 'Experiment:', [{ name: '', values: {} }]);
  return addDeviceFlags(command).addHelpText('after', examples).action(run);
}

function parseSeconds(text: string): number {
  const value = Number(text);
  if (!(value > 0 && Number.isFinite(value))) throw new InvalidArgumentError('Expected a positive number.');
  return value;
}

/** A method to be trained with a seed. */
interface Job {
  readonly task: TaskSettings;
  readonly run: MethodRun;
  readonly folder: string;
}

async function run(flags: Flags): Promise<void> {
  const { resume = false, json = false, seconds, evaluations, batch } = flags;
  const out = flags.out ?? defaultFolder('compare');
  const task = validateTask(givenOptions(flags, hyperCleaningOptions));
  const budget: Budget =
    evaluations === undefined ? { unit: 'seconds', amount: seconds } : { unit: 'evaluations', amount: evaluations };
  const runs = [...new Set(flags.methods)].map((name) => methodRun(name, batch));
  const seeds = Array.from({ length: flags.seeds }, (_, index) => task.seed + index);
  const jobs = seeds.flatMap((seed) =>
    runs.map((run): Job => ({ task: { ...task, seed }, run, folder: join(out, run.method, `seed-${seed}`) })),
  );
  const folders = jobs.map(({ folder }) => folder);
  if (resume) checkResumable(flags.out, folders);
  const progress = new Progress(json);
  const { signal, release } = interruptSignal();
  using device = deviceOf(flags);
  const results = runs.map((run) => ({ run, outcomes: [] as MethodOutcome[] }));
  let stopped = false;
  try {
    for await (const { run, outcome } of train(jobs, budget, { resume, device, signal, progress })) {
      results.find((result) => result.run === run)?.outcomes.push(outcome);
    }
  } catch (error) {
    if (!(error instanceof BilevelError && error.code === 'ABORTED')) throw error;
    stopped = true;
  } finally {
    progress.stop();
    release();
  }
  const begun = results.filter(({ outcomes }) => outcomes.length > 0);
  const comparison: Comparison = { task, budget, results: begun, folder: out };
  await ensureFolder(out);
  await writeFileAtomic(join(out, 'report.html'), comparisonReport(comparison, environmentOf(device)));
  if (stopped) reportInterruption(out, json);
  else if (json) printJson(comparisonJson(comparison), 2);
  else print(summarize(comparison));
}

/** Trains one job after the other; all methods see the same data of a seed. @throws ABORTED */
async function* train(
  jobs: readonly Job[],
  budget: Budget,
  { resume, ...resources }: Omit<MethodResources, 'folder' | 'data'>,
): AsyncGenerator<{ readonly run: MethodRun; readonly outcome: MethodOutcome }> {
  let data: { readonly seed: number; readonly content: HyperCleaningData } | undefined;
  for (const { task, run, folder } of jobs) {
    if (data?.seed !== task.seed) data = { seed: task.seed, content: await loadHyperCleaningData(task) };
    // Of several jobs, those that had not begun when the comparison was stopped begin now.
    const goOn = resume && holdsRun(folder);
    const outcome = await compareMethod(task, run, budget, { ...resources, folder, resume: goOn, data: data.content });
    yield { run, outcome };
  }
}
