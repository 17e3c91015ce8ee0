import { area, line } from 'd3-shape';
import { fitScale, frame, renderAxes, renderFigure, type ScaleKind } from './axes.js';
import { type Html, html } from './html.js';

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Series {
  readonly name: string;
  readonly points: readonly Point[];
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  /** A logarithmic axis leaves out values that are not positive. */
  readonly yScale: ScaleKind;
  readonly series: readonly Series[];
}

/** What is drawn of a series: one mean per bucket of neighbouring points, and their range. */
interface Bucket extends Point {
  readonly low: number;
  readonly high: number;
}

const maxBuckets = 160;

/** Long noisy curves become at most 160 means, so that the page stays small and the trend can be seen. */
function summarize(points: readonly Point[]): Bucket[] {
  const size = Math.ceil(points.length / maxBuckets);
  const buckets: Bucket[] = [];
  for (let start = 0; start < points.length; start += size) {
    const part = points.slice(start, start + size);
    const ys = part.map(({ y }) => y);
    buckets.push({
      x: part.reduce((sum, { x }) => sum + x, 0) / part.length,
      y: ys.reduce((sum, y) => sum + y, 0) / part.length,
      low: Math.min(...ys),
      high: Math.max(...ys),
    });
  }
  return buckets;
}

export function renderLineChart({ title, xLabel, yScale, series }: LineChart): Html {
  const drawn = series.map(({ points }) =>
    summarize(points.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y) && (yScale === 'linear' || y > 0))),
  );
  const all = drawn.flat();
  const bottom = frame.height - frame.bottom;
  const right = frame.width - frame.right;
  const x = fitScale(
    'linear',
    all.map((bucket) => bucket.x),
    [frame.left, right],
  );
  const y = fitScale(
    yScale,
    all.flatMap(({ low, high }) => [low, high]),
    [bottom, frame.top],
  );
  const curve = line<Bucket>(
    (bucket) => x(bucket.x),
    (bucket) => y(bucket.y),
  ).digits(1);
  const band = area<Bucket>(
    (bucket) => x(bucket.x),
    (bucket) => y(bucket.low),
    (bucket) => y(bucket.high),
  ).digits(1);
  const paths = drawn.map((buckets, index) => {
    const ranged = buckets.some(({ low, high }) => low < high);
    return html`<g class="series-${index}">${ranged ? html`<path class="band" d="${band(buckets) ?? ''}"/>` : undefined}<path class="line" d="${
      curve(buckets) ?? ''
    }"/></g>`;
  });
  return renderFigure(
    title,
    series.map(({ name }) => name),
    html`${renderAxes(x, y, yScale, xLabel)}${paths}`,
  );
}
