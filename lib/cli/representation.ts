import { Command, Option as Flag } from 'commander';
import { BilevelError } from '../errors.js';
import { RunFolder } from '../report/run-folder.js';
import {
  RepresentationStudy,
  representationOptions,
  runCurves,
  studies,
  studyNames,
  titleOf,
  validateSettings,
} from '../tasks/representation/index.js';
import { addDeviceFlags, type DeviceFlags, deviceOf } from './device-flags.js';
import { addTableFlags, givenOptions, parsePositive } from './flags.js';
import { interruptSignal } from './interrupt.js';
import { print, printJson } from './print.js';
import { Progress, residualText } from './progress.js';
import { representationReport } from './representation-report.js';
import { type StudyResult, summarize, summaryJson } from './representation-summary.js';
import { checkResumable, defaultFolder, reportInterruption } from './resume.js';

interface Flags extends DeviceFlags, Readonly<Record<string, unknown>> {
  readonly instances: number;
  readonly out?: string;
  readonly resume?: true;
  readonly json?: true;
}

const examples = `
Examples:
  $ bilevel representation                             all methods on the small linear embedding
  $ bilevel representation --instances 5               mean of five random instances
  $ bilevel representation --study network --methods gd,pzoboUnit,pzoboGaussian
  $ bilevel representation --study steps --json        10, 20 and 40 lower steps`;

export function representationCommand(): Command {
  const command = new Command('representation')
    .description(
      'Learns an embedding on which a regression does well on other samples: the hyper-representation experiments of the ' +
        'PZOBO paper, beside the published figures, and with the direct gradient alone for comparison.',
    )
    .addOption(
      new Flag('--instances <integer>', 'Random instances, with seeds from --seed on; shows means')
        .argParser(parsePositive)
        .default(1),
    )
    .addOption(new Flag('--out <folder>', 'New folder for the results (default: runs/ and the time)'))
    .addOption(new Flag('--resume', 'Goes on with the stopped run in --out; give it the same options'))
    .addOption(new Flag('--json', 'Prints the results as JSON, and no progress'));
  const defaults = studyNames.map((study) => ({
    name: `--study ${study}`,
    values: studies[study].sizes,
  }));
  addTableFlags(command, representationOptions, 'Experiment:', defaults);
  return addDeviceFlags(command).addHelpText('after', examples).action(run);
}

async function run(flags: Flags): Promise<void> {
  const { instances, resume = false, json = false } = flags;
  const out = flags.out ?? defaultFolder('representation');
  const settings = validateSettings(givenOptions(flags, representationOptions));
  const configuration = { ...settings, instances };
  if (resume) checkResumable(flags.out, [out]);
  const progress = new Progress(json);
  const { signal, release } = interruptSignal();
  const { folder, state } = resume
    ? await RunFolder.resume(out, configuration)
    : { folder: await RunFolder.create(out, configuration) };
  try {
    using device = deviceOf(flags);
    using study = new RepresentationStudy(settings, instances, device, state);
    await iterate(study, settings, folder, signal, progress);
    progress.stop();
    const curves = runCurves(settings, await folder.readMetrics());
    const result: StudyResult = { settings, instances, curves, folder: out };
    await folder.writeReport(representationReport(result, device));
    if (json) printJson(summaryJson(result), 2);
    else print(summarize(result));
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

/** All runs, with a checkpoint after each of them and when the study is stopped. */
async function iterate(
  study: RepresentationStudy,
  settings: ReturnType<typeof validateSettings>,
  folder: RunFolder,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  try {
    for await (const { evaluations, ...report } of study.iterate(signal)) {
      await folder.appendMetrics({ ...report, ...evaluations });
      const { instance, method, lowerSteps, step, f } = report;
      const last = step + 1 === settings.iterations;
      if (last) await folder.saveState(study.save());
      const name = `${titleOf(settings, method, lowerSteps)}, seed ${instance}`;
      progress.update(name, step + 1, settings.iterations, `f ${f.toPrecision(4)}${residualText(report)}`);
    }
  } catch (error) {
    if (error instanceof BilevelError && error.code === 'ABORTED') await folder.saveState(study.save());
    throw error;
  }
}
