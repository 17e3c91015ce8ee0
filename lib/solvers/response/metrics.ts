import type { AnyPoint } from '../../bilevel/index.js';
import { checkRecord, invalidArgument } from '../../errors.js';
import { type Node, requireNode, writtenIn } from '../../graph/index.js';

/** Writes a quantity of a point, in the nodes that costs are written in. */
export type Metric = (point: AnyPoint) => Node;

export type Metrics = Readonly<Record<string, Metric>>;

/** @throws INVALID_ARGUMENT */
export function checkMetrics(metrics: unknown): void {
  checkRecord(metrics, 'metrics');
  for (const [name, metric] of Object.entries(metrics as Metrics)) {
    if (typeof metric !== 'function')
      throw invalidArgument(`the metric ${name}`, 'a function that returns a node', metric);
  }
}

/** The node of a metric. @throws INVALID_ARGUMENT, and what the metric throws */
export function writeMetric(name: string, metric: Metric, point: AnyPoint): Node {
  const what = `the metric ${name}`;
  return requireNode(
    writtenIn(what, () => metric(point)),
    `the value of ${what}`,
  );
}

/** Names of outputs, which tensors bear too, are those of no variable or feed. */
export const metricName = (name: string): string => `metric ${name}`;
