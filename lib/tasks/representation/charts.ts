import type { LineChart } from '../../report/line-chart.js';
import { lossAt, type RunCurve } from './curves.js';
import { type RepresentationSettings, studyTitle } from './settings.js';

/** Outer loss over the steps of the embedding, mean over the instances. */
export function lossCharts(settings: RepresentationSettings, curves: readonly RunCurve[]): LineChart[] {
  return [
    {
      title: studyTitle(settings),
      xLabel: 'steps of the embedding',
      yLabel: 'outer loss, mean of the instances',
      yScale: 'log',
      series: curves.map((curve) => ({
        name: curve.title,
        points: Array.from({ length: settings.iterations }, (_, step) => ({ x: step, y: lossAt(curve, step).loss })),
      })),
    },
  ];
}
