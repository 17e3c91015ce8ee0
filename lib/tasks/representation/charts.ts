import type { LineChart } from '../../report/line-chart.js';
import { lossAt, type RunCurve } from './curves.js';
import { type RepresentationSettings, studies } from './settings.js';

/** Outer loss over the steps of the embedding, mean over the instances. */
export function lossCharts({ study, iterations }: RepresentationSettings, curves: readonly RunCurve[]): LineChart[] {
  return [
    {
      title: studies[study].title,
      xLabel: 'steps of the embedding',
      yScale: 'log',
      series: curves.map((curve) => ({
        name: curve.title,
        points: Array.from({ length: iterations }, (_, step) => ({ x: step, y: lossAt(curve, step).loss })),
      })),
    },
  ];
}
