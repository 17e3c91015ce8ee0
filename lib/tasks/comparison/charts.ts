import type { LineChart } from '../../report/line-chart.js';
import { maxSeries } from '../../report/style.js';
import type { Quantity } from '../task.js';
import { type Comparison, curvesOf, type MethodResult } from './comparison.js';
import { meanAt } from './curves.js';
import type { Budget } from './settings.js';

/**
 * Curves of the drawn quantities by time and by evaluations, for the methods of published figures and for the others
 * apart.
 */
export function comparisonCharts({ task, settings, results }: Comparison): LineChart[] {
  const published = task.published?.(settings.task)?.values ?? {};
  const trained = results.filter((result) => curvesOf(result).some((curve) => curve.length > 1));
  const isPublished = ({ run }: MethodResult): boolean => Object.hasOwn(published, run.name);
  const groups = [trained.filter(isPublished), trained.filter((result) => !isPublished(result))].flatMap(chunk);
  return groups.flatMap((group, index) => {
    const place = groups.length === 1 ? '' : ` (${index + 1} of ${groups.length})`;
    const chart = (name: string, { chart, title, factor = 1 }: Quantity, unit: Budget['unit']): LineChart => ({
      title: `${chart} by ${unit === 'seconds' ? 'time' : unit}${place}`,
      xLabel: unit === 'seconds' ? 'seconds of training' : 'gradients and products evaluated',
      xScale: unit === 'seconds' ? 'linear' : 'log',
      yLabel: title,
      yScale: 'log',
      series: group.map((result) => ({
        name: result.run.name,
        points: pointsOf(result, name, unit).map(({ x, y }) => ({ x, y: factor * y })),
      })),
    });
    return Object.entries(task.quantities).flatMap(([name, quantity]) =>
      quantity.chart === undefined ? [] : [chart(name, quantity, 'seconds'), chart(name, quantity, 'evaluations')],
    );
  });
}

/** Parts with as many results as there are colours. */
function chunk(results: readonly MethodResult[]): MethodResult[][] {
  const count = Math.ceil(results.length / maxSeries);
  return Array.from({ length: count }, (_, index) => results.slice(index * maxSeries, (index + 1) * maxSeries));
}

/** A curve, with several seeds their mean where the first one was measured. */
function pointsOf(result: MethodResult, quantity: string, unit: Budget['unit']): { x: number; y: number }[] {
  const curves = curvesOf(result);
  const [first = []] = curves;
  return first.flatMap((measurement) => {
    const x = measurement[unit];
    const y = meanAt(curves, quantity, unit, x);
    return y === undefined ? [] : [{ x, y }];
  });
}
