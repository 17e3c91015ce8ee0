import type { Detection } from '../data/detection.js';
import type { Device } from '../engine/index.js';
import { BilevelError } from '../errors.js';
import { formatShare } from '../report/format.js';
import { RunFolder } from '../report/run-folder.js';
import {
  type Baselines,
  type DenoisingReport,
  DenoisingRun,
  type DenoisingSettings,
  loadDenoisingInputs,
  type Stage,
} from '../tasks/denoising/index.js';
import { denoisingReport } from './denoise-report.js';
import { environmentOf } from './environment.js';
import { plainOptions } from './flags.js';
import type { Progress } from './progress.js';

/** What one seed gave; accuracies from 0 to 1. */
export interface SeedResult {
  readonly settings: DenoisingSettings;
  readonly folder: string;
  readonly penalty: number;
  readonly retrained: number;
  /** Samples that were trusted in the retraining. */
  readonly trusted: number;
  readonly baselines: Baselines | undefined;
  readonly detection: Detection;
  /** Wall time of the bilevel iterations, those before an interruption included. */
  readonly bilevelMs: number;
  /** Wall time of everything: this process, and the iterations before an interruption. */
  readonly wallMs: number;
  /** Steps of v of all bilevel iterations. */
  readonly lowerSteps: number;
}

export interface SeedOptions {
  readonly folder: string;
  readonly resume: boolean;
  /** How long a run may go on without a checkpoint, beside those that end an epoch. */
  readonly checkpointSeconds: number;
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Runs one seed from its settings to its folder of results. On ABORTED the state is saved before the error goes on. */
export async function denoiseSeed(
  settings: DenoisingSettings,
  { folder: path, resume, checkpointSeconds, device, signal, progress }: SeedOptions,
): Promise<SeedResult> {
  const started = performance.now();
  const configuration = { task: plainOptions(settings.task), method: plainOptions(settings.method) };
  // Inputs come first, so that a fault of theirs leaves no folder behind that the next attempt would be refused for.
  const inputs = await loadDenoisingInputs(settings);
  const { folder, state } = resume
    ? await RunFolder.resume(path, configuration)
    : { folder: await RunFolder.create(path, configuration) };
  try {
    const onProgress = ({ name, done, total }: Stage): void => progress.update(name, done, total);
    using run = await DenoisingRun.prepare(settings, inputs, device, state, { signal, onProgress });
    const earlierMs = wallMsOf(await folder.readMetrics());
    const checkpoints = new Checkpoints(run, folder, checkpointSeconds, started);
    await iterate(run, folder, checkpoints, signal, progress);
    const penalty = await run.accuracy();
    const retrained = await run.retrain({ signal, onProgress });
    const baselines = settings.task.baselines ? await run.baselines({ signal, onProgress }) : undefined;
    progress.stop();
    await run.network.save(folder.networkPath, await run.trained());
    const metrics = await folder.readMetrics();
    const result: SeedResult = {
      settings,
      folder: path,
      penalty,
      retrained: retrained.accuracy,
      trusted: retrained.trusted,
      baselines,
      detection: run.detect(),
      bilevelMs: wallMsOf(metrics),
      wallMs: earlierMs + performance.now() - started,
      lowerSteps: run.iteration * settings.method.lowerSteps,
    };
    await writeResults(run, folder, result, metrics, configuration, device);
    return result;
  } finally {
    await folder.close();
  }
}

/** Keeps where a run stands. */
class Checkpoints {
  readonly #run: DenoisingRun;
  readonly #folder: RunFolder;
  readonly #everyMs: number;
  #keptAt: number;

  constructor(run: DenoisingRun, folder: RunFolder, everySeconds: number, startedAt: number) {
    this.#run = run;
    this.#folder = folder;
    this.#everyMs = 1000 * everySeconds;
    this.#keptAt = startedAt;
  }

  async keep(): Promise<void> {
    await this.#folder.saveState(this.#run.save());
    this.#keptAt = performance.now();
  }

  /** Keeps it when that is due, or when an epoch has ended. */
  async offer(epochEnded: boolean): Promise<void> {
    if (epochEnded || performance.now() - this.#keptAt >= this.#everyMs) await this.keep();
  }
}

/** All bilevel iterations, with a checkpoint after every epoch, as often as was asked for, and when the run is stopped. */
async function iterate(
  run: DenoisingRun,
  folder: RunFolder,
  checkpoints: Checkpoints,
  signal: AbortSignal,
  progress: Progress,
): Promise<void> {
  let accuracy: number | undefined;
  try {
    // What pre-training has cost.
    await checkpoints.offer(false);
    for await (const report of run.iterate(signal)) {
      accuracy = report.accuracy ?? accuracy;
      await folder.appendMetrics(metricsRow(report));
      await checkpoints.offer(report.accuracy !== undefined);
      const shown = accuracy === undefined ? '' : `  accuracy ${formatShare(accuracy, 2)}`;
      const detail = `f ${report.f.toFixed(4)}  g ${report.g.toFixed(4)}${shown}`;
      progress.update('Penalty', report.iteration, run.iterations, detail);
    }
  } catch (error) {
    if (!(error instanceof BilevelError)) throw error;
    if (error.code === 'ABORTED') await checkpoints.keep();
    if (error.code !== 'NON_FINITE') throw error;
    throw new BilevelError(error.code, `${error.message} Checkpoints of earlier epochs stay in ${folder.path}.`, {
      cause: error,
    });
  }
}

/** Wall time of the iterations that the metrics tell of. */
function wallMsOf(metrics: readonly Record<string, unknown>[]): number {
  return metrics.reduce((sum, { wallMs }) => sum + Number(wallMs), 0);
}

function metricsRow({ evaluations, ...report }: DenoisingReport): object {
  return { ...report, ...evaluations };
}

async function writeResults(
  run: DenoisingRun,
  folder: RunFolder,
  result: SeedResult,
  metrics: readonly Record<string, unknown>[],
  configuration: object,
  device: Device,
): Promise<void> {
  const importance = {
    rows: run.data.rows,
    weights: run.weights,
    given: run.data.train.labels.data,
    predicted: await run.predictTrain(),
    actual: run.data.trueLabels.data,
  };
  await folder.writeImportance(importance);
  const { inputs } = run.data.train;
  const images = inputs.dtype === 'float32' ? inputs : undefined;
  const samples = { importance, images, classes: run.data.classes };
  await folder.writeReport(denoisingReport(result, samples, metrics, configuration, environmentOf(device)));
}
