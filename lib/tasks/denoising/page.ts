import { curvesOf } from '../../report/curves.js';
import { formatFixed, formatShare } from '../../report/format.js';
import { renderReport, type SampleReport } from '../../report/report.js';
import { methodTable, type SeedResult } from './tables.js';
import { warningsOf } from './warnings.js';

/** The page of one run. */
export function denoisingPage(
  result: SeedResult,
  samples: SampleReport,
  metrics: readonly Record<string, unknown>[],
  configuration: object,
  environment: Readonly<Record<string, string>>,
): string {
  const { task } = result.settings;
  const { recall = Number.NaN } = result.methods[task.form === 'paper' ? task.method : 'crossFitted'] ?? {};
  return renderReport({
    title: `Cleaning ${task.data} labels with ${task.network}`,
    summary:
      `${task.train} training samples with ${formatShare(task.noise, 0)} wrong labels and ${task.validation} clean validation ` +
      `samples, seed ${task.seed}. Of the ${result.corrupted} wrong labels ${formatFixed(recall, 1)} % were found.${warningsOf(
        result,
      )
        .map((warning) => ` Warning: ${warning}`)
        .join('')}`,
    tables: [methodTable([result])],
    charts: curvesOf([...metrics, ...upperCosts(metrics)], { column: 'iteration', label: 'iteration' }, [
      {
        title: 'Upper and lower cost',
        yScale: 'linear',
        yLabel: 'mean cross-entropy',
        columns: { f: 'f, held out', g: 'g, training' },
      },
      {
        title: 'Test accuracy',
        yScale: 'linear',
        yLabel: 'accuracy, %',
        columns: { accuracy: 'accuracy' },
      },
      { title: 'Weights', yScale: 'linear', yLabel: 'AUC', columns: { auc: 'AUC' } },
      { title: 'Lower gradient', yScale: 'log', yLabel: '|grad_v g|', columns: { lowerGradientNorm: '|grad_v g|' } },
      { title: 'Penalty weight', yScale: 'log', yLabel: 'gamma', columns: { gamma: 'gamma' } },
    ]),
    samples,
    wallSeconds: result.wallMs / 1000,
    ...(result.lowerSteps !== undefined && { stepsPerSecond: result.lowerSteps / (result.bilevelMs / 1000) }),
    configuration,
    environment,
  });
}

/** The upper costs of the cross-fitted form's bilevel problem, which the metrics have in one line. */
function upperCosts(
  metrics: readonly Record<string, unknown>[],
): { readonly iteration: number; readonly f: unknown }[] {
  return metrics.flatMap(({ costs }) => (Array.isArray(costs) ? costs.map((f, at) => ({ iteration: at + 1, f })) : []));
}
