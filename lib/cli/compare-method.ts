import type { Device } from '../engine/index.js';
import { BilevelError, type ErrorCode } from '../errors.js';
import { plainOptions } from '../options.js';
import { residualText } from '../report/format.js';
import { RunFolder } from '../report/run-folder.js';
import {
  type Budget,
  type Curve,
  type HyperCleaningData,
  HyperCleaningRun,
  type MethodRun,
  readCurve,
  type TaskSettings,
} from '../tasks/hyper-cleaning/index.js';
import type { Progress } from './progress.js';

/** What a method did with one seed. */
export interface MethodOutcome {
  readonly seed: number;
  readonly folder: string;
  readonly curve: Curve;
  /** Why it did not train, or not to the end. */
  readonly failure?: string;
}

export interface MethodResources {
  readonly folder: string;
  readonly resume: boolean;
  readonly data: HyperCleaningData;
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/** Errors that tell of a method on this problem: the comparison goes on with the next one. */
const methodFailures: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'LIMIT_EXCEEDED',
  'NOT_DIFFERENTIABLE',
  'NON_FINITE',
  'INDEFINITE_HESSIAN',
  'SINGULAR_HESSIAN',
  'DIVERGED',
]);

/**
 * Trains with one method and one seed, keeping every measurement and a checkpoint of it in a folder.
 * @throws ABORTED, with the last measurement and its checkpoint kept; what RunFolder throws
 */
export async function compareMethod(
  task: TaskSettings,
  run: MethodRun,
  budget: Budget,
  { folder: path, resume, data, device, signal, progress }: MethodResources,
): Promise<MethodOutcome> {
  const configuration = {
    task,
    method: run.method,
    batch: describeBatch(run, task),
    options: plainOptions(run.options),
  };
  const { folder, state } = resume
    ? await RunFolder.resume(path, configuration)
    : { folder: await RunFolder.create(path, configuration) };
  try {
    const curve = [...readCurve(await folder.readMetrics(), path)];
    const outcome = { seed: task.seed, folder: path, curve };
    const measurement = curve.at(-1);
    const earlier = state !== undefined && measurement !== undefined ? { state, measurement } : undefined;
    try {
      using cleaning = new HyperCleaningRun(task, run, data, device, earlier);
      for await (const measured of cleaning.measure(budget, signal)) {
        curve.push(measured);
        await folder.appendMetrics(measured);
        await folder.saveState(cleaning.save());
        const done = Math.min(measured[budget.unit], budget.amount);
        const detail = `training loss ${measured.trainingLoss.toFixed(3)}${residualText(measured)}`;
        progress.update(run.method, done, budget.amount, detail);
      }
    } catch (error) {
      if (!(error instanceof BilevelError && methodFailures.has(error.code))) throw error;
      return { ...outcome, failure: error.message };
    }
    return outcome;
  } finally {
    await folder.close();
  }
}

/** Training samples of a mini-batch, or `all`. */
export function describeBatch({ batch }: MethodRun, { train }: TaskSettings): string {
  return batch < train ? String(batch) : 'all';
}
