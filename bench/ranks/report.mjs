import { table } from '../../scripts/pages.mjs';
import { describeEnvironment } from '../environment.mjs';
import { short } from '../statistics.mjs';
import { iterationOn } from './model.mjs';

const kib = (bytes) => short(bytes / 1024);

/** Networks as clusters have them. */
const networks = {
  '1 Gbit/s, 50 µs': { bitsPerSecond: 1e9, seconds: 50e-6 },
  '25 Gbit/s, 10 µs': { bitsPerSecond: 25e9, seconds: 10e-6 },
  '200 Gbit/s, 2 µs': { bitsPerSecond: 200e9, seconds: 2e-6 },
};

/** Sections. */
export function ranksReport({ environment, link, results }) {
  const range = ({ median, min, max }) => `${median.toFixed(2)} (${min.toFixed(2)}–${max.toFixed(2)})`;
  const ofOne = results.map(({ name, one, two, efficiency, ceiling, sums, theory }) => [
    name,
    short(one.median),
    short(two.median),
    range(efficiency),
    range(ceiling),
    short(sums.calls),
    kib(sums.bytes),
    kib(theory),
  ]);
  const head = [
    'problem',
    'ms on 1 rank',
    'on 2',
    'efficiency',
    'of unrelated',
    'sums',
    'KiB of sums',
    'KiB by theory',
  ];
  return [
    { text: describeEnvironment(environment) },
    { title: 'Two ranks beside one', text: table(head, ofOne) },
    ...(link === undefined ? [] : [twoHosts(link, results)]),
    { title: 'What more ranks would gain', text: predictions(results) },
  ];
}

function twoHosts(link, results) {
  const rows = results.map(({ name, two, apart, sums }) => {
    const predicted = iterationOn(two.median, sums, 2, link);
    return [name, short(two.median), short(predicted), short(apart.median), (apart.median / predicted).toFixed(2)];
  });
  const head = ['problem', 'ms on one host', 'predicted', 'measured', 'measured / predicted'];
  const text = `${short(link.bitsPerSecond / 1e6)} Mbit/s each way, ${short(1000 * link.seconds)} ms on the way.`;
  return { title: 'Two hosts with a slow link', text: `${text}\n\n${table(head, rows)}` };
}

/** Each rank has as much to do as one had alone: the part of the time that is not sums. */
function predictions(results) {
  const rows = results.flatMap(({ name, one, sums }) =>
    [64, 1024].map((ranks) => [
      name,
      String(ranks),
      ...Object.values(networks).map((link) => (one.median / iterationOn(one.median, sums, ranks, link)).toFixed(2)),
    ]),
  );
  return table(['problem', 'ranks', ...Object.keys(networks)], rows);
}
