// The two precisions beside each other.
import { table } from '../../scripts/pages.mjs';
import { describeEnvironment } from '../environment.mjs';
import { short } from '../statistics.mjs';

const columns = ['step', 'network', 'float32 ms', 'bf16 ms', 'float32 / bf16', 'value off by', 'gradient off by'];

export function precisionReport({ environment, results }) {
  const rows = results.map(({ step, network, float32, bf16, value, gradient }) => [
    step,
    network,
    short(float32.median),
    short(bf16.median),
    (float32.median / bf16.median).toFixed(2),
    value.toExponential(0),
    gradient.toExponential(0),
  ]);
  return [{ text: describeEnvironment(environment) }, { text: table(columns, rows) }];
}
