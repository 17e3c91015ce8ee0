import { formatFixed } from '../../../report/format.js';
import type { Gallery } from '../../../report/gallery.js';
import type { LineChart } from '../../../report/line-chart.js';
import type { TextTable } from '../../../report/tables.js';
import type { CleanLabelEnding, TargetResult } from './run.js';
import { type CleanLabelMethod, cleanLabelMethods } from './settings.js';

/** What a method came to within each radius, in ascending order. */
export interface MethodResult {
  readonly method: CleanLabelMethod;
  readonly endings: readonly CleanLabelEnding[];
}

/** A radius with what a method reaches within it. */
export interface CurvePoint {
  readonly radius: number;
  /** Share of the targets that are taken for the other class within this radius or a smaller one, in per cent. */
  readonly success: number;
  /**
   * Mean distance of poison points from their bases: of each target the one within the smallest radius that has it
   * taken, or within this radius.
   */
  readonly distortion: number;
}

/** For each target the result within the smallest of the first radii that has it taken, or within the last of them. */
function keptWithin(endings: readonly CleanLabelEnding[], count: number): readonly TargetResult[] {
  const tried = endings.slice(0, count);
  const last = tried.at(-1)?.targets ?? [];
  return last.map(
    (result, target) => tried.map(({ targets }) => targets[target]).find((each) => each?.isTaken) ?? result,
  );
}

const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Success against distortion, as the paper's Figure 3 has them. */
export function curveOf({ endings }: MethodResult): CurvePoint[] {
  return endings.map(({ radius }, index) => {
    const kept = keptWithin(endings, index + 1);
    return {
      radius,
      success: 100 * meanOf(kept.map(({ isTaken }) => Number(isTaken))),
      distortion: meanOf(kept.map(({ distance }) => distance)),
    };
  });
}

const chosenOf = (results: readonly MethodResult[]): readonly MethodResult[] =>
  results.filter(({ method, endings }) => method !== 'copy' && endings.length > 0);

export function successTable(results: readonly MethodResult[]): TextTable {
  const chosen = chosenOf(results).map((result) => ({ ...result, curve: curveOf(result) }));
  const copy = results.find(({ method }) => method === 'copy')?.endings[0];
  const [first] = results.flatMap(({ endings }) => endings);
  const radii = [...new Set(chosen.flatMap(({ curve }) => curve.map(({ radius }) => radius)))].sort((a, b) => a - b);
  const row = (radius: number): string[] => [
    formatFixed(radius, 2),
    ...chosen.flatMap(({ curve }) => {
      const point = curve.find((each) => each.radius === radius);
      return point === undefined ? ['', ''] : [formatFixed(point.success, 1), formatFixed(point.distortion, 2)];
    }),
  ];
  const reference =
    copy === undefined
      ? ''
      : ` A copy of the target with the other label has ${formatFixed(curveOf({ method: 'copy', endings: [copy] })[0]?.success ?? Number.NaN, 1)} % of them taken, by a label that is wrong.`;
  return {
    title: `One poison point with its right label, for each of ${first?.targets.length ?? 0} targets`,
    header: ['radius', ...chosen.flatMap(({ method }) => [`${cleanLabelMethods[method].title}: taken, %`, 'distance'])],
    alignments: ['right'],
    rows: radii.map(row),
    note:
      'A last layer is trained anew on the clean points and the poison point, which lies no further from its base than the radius. ' +
      'Taken: within the radius or a smaller one. Distance: mean of what is between points and bases, of each target the first point ' +
      `that has it taken, or else that within the radius.${reference}`,
  };
}

export function successChart(results: readonly MethodResult[]): LineChart {
  return {
    title: 'Targets that are taken for the other class',
    xLabel: 'mean distance of poison points from their bases',
    yLabel: 'taken in %',
    yScale: 'linear',
    series: chosenOf(results).map((result) => ({
      name: cleanLabelMethods[result.method].title,
      points: curveOf(result).map(({ distortion, success }) => ({ x: distortion, y: success })),
    })),
  };
}

/** What is shown of a target: the first point that has it taken, or the last of all. */
function lastKept(result: MethodResult): readonly TargetResult[] {
  return keptWithin(result.endings, result.endings.length);
}

const endText = ({ isTaken, distance }: TargetResult, to: string): string =>
  `${isTaken ? `target taken for ${to}` : 'target not taken'} at distance ${formatFixed(distance, 2)}`;

/** Base, poison and target side by side. */
export function cleanLabelGalleries(results: readonly MethodResult[]): Gallery[] {
  return chosenOf(results).flatMap((result) => {
    const { from = '', to = '' } = result.endings[0]?.names ?? {};
    const pictures = lastKept(result).flatMap((target) =>
      target.images === undefined ? [] : [{ images: target.images, caption: endText(target, to) }],
    );
    if (pictures.length === 0) return [];
    return [
      {
        title: `Poison of ${cleanLabelMethods[result.method].title}`,
        note: `For each target: its base (a ${to}), the poison point (labelled ${to}, as it should be), and the target (a ${from}). The point within the smallest radius that has the target taken.`,
        pictures,
      },
    ];
  });
}

/** What was changed of rows of a table. */
export function changesTables(results: readonly MethodResult[]): TextTable[] {
  return chosenOf(results).flatMap((result) => {
    const { to = '' } = result.endings[0]?.names ?? {};
    const told = lastKept(result).filter(({ changes }) => changes !== undefined);
    if (told.length === 0) return [];
    return [
      {
        title: `Points of ${cleanLabelMethods[result.method].title}`,
        header: ['target', '', 'changed most of its base'],
        alignments: ['right', 'left', 'left'] as const,
        rows: told.map((target, index) => [String(index + 1), endText(target, to), (target.changes ?? []).join('; ')]),
      },
    ];
  });
}

/** The results as programs read them; shares in per cent. */
export function cleanLabelJson(results: readonly MethodResult[]): object {
  const [first] = results.flatMap(({ endings }) => endings);
  return {
    attack: 'clean-label',
    accuracy: first?.accuracy,
    upTo: first?.upTo,
    features: first?.features,
    targets: first?.targets.length,
    methods: results.map((result) => ({
      method: result.method,
      title: cleanLabelMethods[result.method].title,
      curve: curveOf(result).map(({ radius, ...point }) => (result.method === 'copy' ? point : { radius, ...point })),
      kept: lastKept(result).map(({ isTaken, distance, collision }) => ({ isTaken, distance, collision })),
    })),
  };
}
