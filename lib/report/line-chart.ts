import { area, line } from 'd3-shape';
import { mean } from '../numbers.js';
import { axisLabel, fitScale, frame, renderAxes, renderFigure, type ScaleKind } from './axes.js';
import { formatNumber } from './format.js';
import { type Html, html } from './html.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
  /** Single runs, of which the points are the mean: thin and faint, and without a name. */
  readonly runs?: readonly (readonly Point[])[];
  /** Not measured but what it is held against: dotted and grey. */
  readonly reference?: boolean;
}

export interface LineChart {
  readonly title: string;
  /** What each axis measures, with the unit where it has one. */
  readonly xLabel: string;
  readonly yLabel: string;
  /** Linear by default. A logarithmic axis leaves out values that are not positive. */
  readonly xScale?: ScaleKind;
  readonly yScale: ScaleKind;
  readonly series: readonly Series[];
}

/** What is drawn of a series: one mean per bucket of neighbouring points, and their range. */
interface Bucket extends Point {
  readonly low: number;
  readonly high: number;
}

const maxBuckets = 160;
const maxRunBuckets = 32;

/** Long noisy curves become few means, so that the page stays small and the trend can be seen. */
function summarize(points: readonly Point[], most: number): Bucket[] {
  const size = Math.ceil(points.length / most);
  const buckets: Bucket[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    const ys = part.map(({ y }) => y);
    buckets.push({
      x: mean(part.map(({ x }) => x)),
      y: mean(ys),
      low: Math.min(...ys),
      high: Math.max(...ys),
    });
  }
  return buckets;
}

const canShow = (kind: ScaleKind, value: number): boolean => Number.isFinite(value) && (kind === 'linear' || value > 0);

/** The figure of a chart, for a page. */
export function renderLineChart(chart: LineChart): Html {
  const names = chart.series.map(({ name }) => name);
  const { title } = chart;
  return renderFigure({ title, names, description: describe(chart), notes: notesOf(chart) }, drawLines(chart));
}

/** A chart in words: what its axes measure, and where each curve begins and ends. */
export function describe({ xLabel, xScale = 'linear', yLabel, yScale, series }: LineChart): string {
  const [x, y] = [axisLabel({ label: xLabel, kind: xScale }), axisLabel({ label: yLabel, kind: yScale })];
  const curves = series.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return `${name}: no points`;
    const at = (point: Point): string => `${formatNumber(point.y)} at ${formatNumber(point.x)}`;
    return first === last ? `${name}: ${at(first)}` : `${name}: from ${at(first)} to ${at(last)}`;
  });
  return `${y} by ${x}. ${curves.join('; ')}.`;
}

/** How to read what the legend does not name: bands, single runs, references. */
export function notesOf({ series }: LineChart): string[] {
  const hasRuns = series.some(({ runs = [] }) => runs.length > 0);
  const isBanded = series.some(({ points, runs = [] }) => runs.length === 0 && points.length > maxBuckets);
  return [
    ...(isBanded ? ['Curve: means of neighbouring points; shaded: from the lowest to the highest of them.'] : []),
    ...(hasRuns ? ['Thick: mean of the runs; thin: each run.'] : []),
    ...(series.some(({ reference }) => reference) ? ['Dotted: for comparison, not measured here.'] : []),
  ];
}

/** Axes and curves, within `frame`. */
export function drawLines({ xLabel, xScale = 'linear', yLabel, yScale, series }: LineChart): Html {
  const shown = (points: readonly Point[]): Point[] =>
    points.filter((point) => canShow(xScale, point.x) && canShow(yScale, point.y));
  const drawn = series.map(({ points, runs = [], reference = false }) => ({
    buckets: summarize(shown(points), maxBuckets),
    runs: runs.map((run) => summarize(shown(run), maxRunBuckets)),
    reference,
  }));
  const all = drawn.flatMap(({ buckets, runs }) => [...buckets, ...runs.flat()]);
  const bottom = frame.height - frame.bottom;
  const right = frame.width - frame.right;
  const x = fitScale(
    xScale,
    all.map((bucket) => bucket.x),
    [frame.left, right],
  );
  const y = fitScale(
    yScale,
    all.flatMap(({ low, high }) => [low, high]),
    [bottom, frame.top],
  );
  const curveOf = (digits: number) =>
    line<Bucket>(
      (bucket) => x(bucket.x),
      (bucket) => y(bucket.y),
    ).digits(digits);
  const [curve, faintCurve] = [curveOf(1), curveOf(0)];
  const band = area<Bucket>(
    (bucket) => x(bucket.x),
    (bucket) => y(bucket.low),
    (bucket) => y(bucket.high),
  ).digits(1);
  const faint = drawn.map(({ runs }, index) =>
    runs.length === 0
      ? undefined
      : html`<path class="run series-${index}" d="${runs.map((run) => faintCurve(run) ?? '').join('')}"/>`,
  );
  const paths = drawn.map(({ buckets, runs, reference }, index) => {
    // Where single runs are drawn they show the spread.
    const ranged = runs.length === 0 && buckets.some(({ low, high }) => low < high);
    return html`<g class="series-${index}">${ranged ? html`<path class="band" d="${band(buckets) ?? ''}"/>` : undefined}<path class="line${runs.length > 0 ? ' mean' : ''}${reference ? ' reference' : ''}" d="${
      curve(buckets) ?? ''
    }"/></g>`;
  });
  const axes = renderAxes({ scale: x, kind: xScale, label: xLabel }, { scale: y, kind: yScale, label: yLabel });
  return html`${axes}${faint}${paths}`;
}
