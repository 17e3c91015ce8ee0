import type { ScaleKind } from './axes.js';
import type { LineChart, Point } from './line-chart.js';

/** A chart of named columns of the metrics. */
export interface CurveChart {
  readonly title: string;
  readonly yScale: ScaleKind;
  /** What the columns measure, with the unit where they have one. */
  readonly yLabel: string;
  /** The columns are multiplied by it, as by 100 for per cent; default 1. */
  readonly factor?: number;
  /** Name in the legend by column. */
  readonly columns: Readonly<Record<string, string>>;
}

/**
 * Charts of columns of the metrics over one of them. A row that lacks a column, or has no finite number there, gives no
 * point; a column without points is left out, and so is a chart without columns.
 */
export function curvesOf(
  rows: readonly Readonly<Record<string, unknown>>[],
  x: { readonly column: string; readonly label: string },
  charts: readonly CurveChart[],
): LineChart[] {
  return charts
    .map(({ title, yScale, yLabel, factor = 1, columns }) => ({
      title,
      yScale,
      yLabel,
      xLabel: x.label,
      series: Object.entries(columns)
        .map(([column, name]) => ({ name, points: pointsOf(rows, x.column, column, factor) }))
        .filter(({ points }) => points.length > 0),
    }))
    .filter(({ series }) => series.length > 0);
}

function pointsOf(
  rows: readonly Readonly<Record<string, unknown>>[],
  xColumn: string,
  yColumn: string,
  factor: number,
): Point[] {
  return rows.flatMap((row) => {
    const x = row[xColumn];
    const y = row[yColumn];
    return typeof x === 'number' && typeof y === 'number' && Number.isFinite(x) && Number.isFinite(y)
      ? [{ x, y: factor * y }]
      : [];
  });
}
