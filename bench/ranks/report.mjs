import { table } from '../../scripts/pages.mjs';
import { describeEnvironment } from '../environment.mjs';
import { short } from '../statistics.mjs';

const sent = (sums) =>
  sums
    .filter(({ calls }) => calls > 0)
    .map(({ phase, calls, bytes }) => `${phase}: ${calls} of ${short(bytes / 1024)} KiB`)
    .join('; ');

export function ranksReport({ environment, results }) {
  const rows = results.map(({ name, one, two, efficiency, sums }) => [
    name,
    short(one.median),
    short(two.median),
    efficiency.median.toFixed(2),
    `${efficiency.min.toFixed(2)}–${efficiency.max.toFixed(2)}`,
    sent(sums),
  ]);
  const header = ['problem', 'ms on 1 rank', 'on 2', 'efficiency', 'from–to', 'sums of a repetition of each phase'];
  return [{ text: describeEnvironment(environment) }, { title: 'Two ranks beside one', text: table(header, rows) }];
}
