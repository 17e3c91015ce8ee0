import type { Device } from '../../engine/index.js';
import type { Report, Rows, Step } from '../../study/index.js';
import { type Baseline, baselines, type Finding } from './baselines/index.js';
import { formMethods } from './form-methods.js';
import { type Judgement, judgeLabels } from './judgement.js';
import { type DenoisingInputs, DenoisingRun } from './run.js';
import type { DenoisingSettings } from './settings.js';
import type { Trainer } from './trainer.js';

/** What is compared with the run's own form, by name as in the metrics. */
export type Judgements = ReadonlyMap<string, Judgement>;

/** Those that the metrics tell of. */
export function judgementsOf(metrics: Rows): Judgements {
  return new Map(
    metrics.flatMap(({ method, accuracy, auc, precision, recall, response }) => {
      const judgement = { accuracy, auc, precision, recall, ...(response !== undefined && { response }) };
      return typeof method === 'string' ? [[method, judgement as Judgement]] : [];
    }),
  );
}

/** How each baseline does that is not yet judged, one after the other. */
export async function* judgeBaselines(
  trainer: Trainer,
  judged: Judgements = new Map(),
): AsyncGenerator<{ readonly baseline: Baseline; readonly judgement: Judgement }, void, undefined> {
  for (const baseline of baselines) {
    if (!judged.has(baseline.name)) yield { baseline, judgement: await judge(await baseline.run(trainer), trainer) };
  }
}

/** What a comparison works with. */
interface Resources {
  readonly trainer: Trainer;
  readonly device: Device;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/**
 * Does what is not yet judged, with a checkpoint after each: the baselines, and the paper's form where the run has
 * another one.
 */
export async function* compare(
  settings: DenoisingSettings,
  inputs: DenoisingInputs,
  { trainer, device, signal, report }: Resources,
  judged: Judgements,
): AsyncGenerator<Step, void, undefined> {
  const withPaper = settings.task.paperForm && settings.task.form !== 'paper';
  const total = baselines.length + Number(withPaper);
  const step = (done: number, title: string, method: string, judgement: Judgement): Step => ({
    row: { method, ...judgement },
    stage: 'Comparison',
    done,
    total,
    detail: `${title}  accuracy ${judgement.accuracy.toFixed(2)} %`,
    keep: true,
  });
  for await (const { baseline, judgement } of judgeBaselines(trainer, judged)) {
    yield step(baselines.indexOf(baseline) + 1, baseline.title, baseline.name, judgement);
  }
  const { method } = settings.task;
  const { title, retrained: retrainedName } = formMethods[method];
  if (!withPaper || judged.has(retrainedName)) return;
  using run = await DenoisingRun.prepare(settings, inputs, device, trainer, undefined, { signal });
  for await (const { iteration } of run.iterate(signal)) report(title, iteration, run.iterations);
  const { lower, retrained } = await run.judge();
  if (!judged.has(method)) yield step(baselines.length, title, method, lower);
  yield step(total, `${title}, retrained`, retrainedName, retrained);
}

async function judge({ trust, flagged, parameters }: Finding, trainer: Trainer): Promise<Judgement> {
  const labels = judgeLabels(trust, flagged, trainer.data.corrupted.data);
  return { ...labels, accuracy: await trainer.accuracy(parameters) };
}
