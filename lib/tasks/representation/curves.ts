import { BilevelError } from '../../errors.js';
import { mean } from '../../numbers.js';
import type { Rows } from '../../study/index.js';
import { type StudyMethodName, studyMethods } from './methods.js';
import { type KnownCurve, publishedCurves, rerunCurves } from './published.js';
import { type RepresentationSettings, type StudyRun, studies } from './settings.js';

/** What a run did on every instance. */
export interface RunCurve extends StudyRun {
  readonly title: string;
  /** Outer losses by instance and step: those before the first step of the embedding, the second, and so on. */
  readonly losses: readonly (readonly number[])[];
  /** Seconds of all steps, by instance. */
  readonly seconds: readonly number[];
  /** Figures of the same run from elsewhere. */
  readonly published: KnownCurve | undefined;
  readonly rerun: KnownCurve | undefined;
}

/** Name of a method in a study, with the number of lower steps where the study changes it. */
export function titleOf({ study }: RepresentationSettings, method: StudyMethodName, lowerSteps: number): string {
  const { title } = studyMethods[method];
  const usual = new Set(studies[study].runs.filter((run) => run.method === method).map((run) => run.lowerSteps));
  return usual.size > 1 ? `${title}, T = ${lowerSteps}` : title;
}

/** What a run did on one instance. */
export interface Losses {
  /** Outer losses before the first step of the embedding, the second, and so on. */
  readonly losses: readonly number[];
  /** Seconds of all steps. */
  readonly seconds: number;
}

/** @param rows lines of the metrics of the run that `title` names. @throws INVALID_FILE when a step is missing */
export function readLosses(title: string, iterations: number, rows: Rows): Losses {
  if (rows.length !== iterations || rows.some(({ step }, index) => step !== index)) {
    throw new BilevelError('INVALID_FILE', `The metrics lack steps of ${title}.`);
  }
  return {
    losses: rows.map(({ f }) => Number(f)),
    seconds: rows.reduce((sum, { wallMs }) => sum + Number(wallMs) / 1000, 0),
  };
}

/** The runs of a study that have ended on some instance. */
export function runCurves(
  settings: RepresentationSettings,
  ended: readonly (Losses & { readonly run: StudyRun })[],
): RunCurve[] {
  const { study, asPublished } = settings;
  return settings.runs.flatMap((run) => {
    const { method, lowerSteps } = run;
    const instances = ended.filter((each) => each.run.method === method && each.run.lowerSteps === lowerSteps);
    if (instances.length === 0) return [];
    const key = `${study} T=${lowerSteps}`;
    return [
      {
        ...run,
        title: titleOf(settings, method, lowerSteps),
        losses: instances.map(({ losses }) => losses),
        seconds: instances.map(({ seconds }) => seconds),
        published: asPublished ? publishedCurves[key]?.[method] : undefined,
        rerun: asPublished ? rerunCurves[key]?.[method] : undefined,
      },
    ];
  });
}

/** The steps that are shown: the first, the published ones that were made, and the last. */
export function reportedSteps({ study, iterations }: RepresentationSettings): number[] {
  const steps = [0, ...studies[study].reported.filter((step) => step < iterations), iterations - 1];
  return [...new Set(steps)].sort((a, b) => a - b);
}

/** Mean over the instances of the loss after `step` steps, and of its share of the instance's first loss. */
export function lossAt({ losses }: Pick<RunCurve, 'losses'>, step: number): { loss: number; share: number } {
  const at = losses.map((curve) => curve[step] ?? Number.NaN);
  return { loss: mean(at), share: mean(at.map((loss, instance) => loss / (losses[instance]?.[0] ?? Number.NaN))) };
}

/** Geometric mean over the instances of the loss of `run` as a multiple of that of `other`, after `step` steps. */
export function ratioAt(run: Pick<RunCurve, 'losses'>, other: Pick<RunCurve, 'losses'>, step: number): number {
  const logs = run.losses.map((curve, instance) =>
    Math.log((curve[step] ?? 0) / (other.losses[instance]?.[step] ?? 0)),
  );
  return Math.exp(mean(logs));
}

/** How far a loss may rise above an earlier one before the instance counts as unsteady. */
const rise = 10;

/** Positions of the instances on which the loss never rises to ten times an earlier one. */
export function steadyInstances({ losses }: Pick<RunCurve, 'losses'>): number[] {
  return losses.flatMap((curve, instance) => {
    let lowest = Number.POSITIVE_INFINITY;
    for (const loss of curve) {
      if (loss > rise * lowest) return [];
      lowest = Math.min(lowest, loss);
    }
    return [instance];
  });
}

/** The curve on some of the instances, by position. */
export function onInstances(curve: RunCurve, positions: readonly number[]): RunCurve {
  const select = <T>(values: readonly T[]): T[] => values.filter((_, position) => positions.includes(position));
  return { ...curve, losses: select(curve.losses), seconds: select(curve.seconds) };
}
