import { onInstances, type RunCurve, ratioAt, reportedSteps, steadyInstances } from './curves.js';
import type { RepresentationSettings } from './settings.js';

/** Largest factor between two losses that are taken for the same curve. */
const sameWithin = 1.5;

const short = (ratio: number): number => Number(ratio.toPrecision(3));

/**
 * How the methods compare with the direct gradient, in sentences made of the measured losses: of any two on the
 * instances that are steady for both.
 */
export function conclusion(settings: RepresentationSettings, curves: readonly RunCurve[]): string[] {
  const steps = reportedSteps(settings).filter((step) => step > 0);
  const last = settings.iterations - 1;
  const unsteady = curves.flatMap((curve) => {
    const all = curve.losses.length;
    const count = all - steadyInstances(curve).length;
    if (count === 0) return [];
    return [`${curve.title}: on ${count} of ${all} instances the loss rises to more than ten times an earlier one.`];
  });
  const compared = curves
    .filter(({ method }) => method === 'gd')
    .flatMap((direct) => {
      const beside = curves
        .filter((curve) => curve !== direct && curve.lowerSteps === direct.lowerSteps)
        .map((curve) => steadyPair(curve, direct))
        .filter(([curve]) => curve.losses.length > 0);
      const released = beside.filter(([{ method }]) => method === 'pzoboUnit');
      const others = beside.filter(([{ method }]) => method !== 'pzoboUnit');
      return [
        ...(steps.length === 0 ? [] : released.map(([curve, reference]) => compareReleased(curve, reference, steps))),
        ...(others.length === 0
          ? []
          : [
              `After ${last} steps the loss, as a multiple of that of the direct gradient: ` +
                `${others.map(([curve, reference]) => `${curve.title}: ${short(ratioAt(curve, reference, last))}`).join('; ')}.`,
            ]),
      ];
    });
  return [...compared, ...unsteady];
}

function steadyPair(a: RunCurve, b: RunCurve): [RunCurve, RunCurve] {
  const other = steadyInstances(b);
  const both = steadyInstances(a).filter((position) => other.includes(position));
  return [onInstances(a, both), onInstances(b, both)];
}

function compareReleased(released: RunCurve, direct: RunCurve, steps: readonly number[]): string {
  const factors = steps.map((step) => ratioAt(released, direct, step)).map((ratio) => Math.max(ratio, 1 / ratio));
  const factor = Math.max(...factors);
  const losses = `${released.title}: its losses after ${steps.join(', ')} steps`;
  return factor <= sameWithin
    ? `${losses} are within a factor of ${short(factor)} of those of the direct gradient alone, which explains the curve: the ` +
        'zeroth-order term does not.'
    : `${losses} differ by up to a factor of ${short(factor)} from those of the direct gradient alone, which does not ` +
        'explain the curve.';
}
