// The studies of growth as charts and tables.
import { renderSvg } from '../../dist/lib/report/svg.js';
import { table } from '../../scripts/pages.mjs';
import { describeEnvironment } from '../environment.mjs';
import { percent, short } from '../statistics.mjs';

const mebibytes = (bytes) => short(bytes / 2 ** 20);

const charts = {
  batch: { title: 'Batch size: a penalty step', yLabel: 'milliseconds', xLabel: 'samples in each of the two batches' },
  width: { title: 'Width: a penalty step', yLabel: 'milliseconds', xLabel: 'units h of the hidden layers' },
  lowerSteps: { title: 'T: an iteration', yLabel: 'milliseconds', xLabel: 'lower steps T of an iteration' },
  upper: { title: 'Upper variables', yLabel: 'milliseconds', xLabel: 'samples N, each with a weight to be learned' },
};

const seriesOf = (results) => [...new Set(results.map(({ series }) => series))];

function curves(results, y) {
  return seriesOf(results).map((name) => ({
    name,
    points: results.filter(({ series }) => series === name).map((result) => ({ x: result.x, y: y(result) })),
  }));
}

/** The time that the arithmetic would take at the rate of a large matrix product. */
function limits(results, limit) {
  return curves(
    results.filter(({ flops }) => flops !== undefined),
    ({ flops }) => flops / limit / 1e6,
  ).map(({ name, points }) => ({ name: `${name}: arithmetic`, points, reference: true }));
}

const picked = ({ results }, study) => results.filter((result) => result.study === study);

/** Pictures as `{ name, file, svg, picture: [alternative text, file] }`. */
export function scalingCharts(session) {
  const scales = { xScale: 'log', yScale: 'log' };
  const times = Object.entries(charts).map(([study, chart]) => {
    const results = picked(session, study);
    const references = study === 'upper' ? [] : limits(results, session.limit);
    return { ...chart, ...scales, series: [...curves(results, ({ median }) => median), ...references] };
  });
  const memory = {
    title: 'T: memory that a method holds',
    yLabel: 'MiB',
    xLabel: charts.lowerSteps.xLabel,
    ...scales,
    series: curves(picked(session, 'lowerSteps'), ({ bytes }) => bytes / 2 ** 20),
  };
  return [
    {
      name: 'times',
      alternative: 'Time against batch, width, T and number of upper variables',
      drawn: times,
    },
    { name: 'memory', alternative: 'Memory against T', drawn: [memory] },
  ].map(({ name, alternative, drawn }) => {
    const file = `performance-${name}.svg`;
    return { name, file, svg: renderSvg(drawn, 1), picture: [alternative, file] };
  });
}

/** From the first to the last value of each curve: how many times the number, the time and the memory. */
function growthTable(session) {
  const rows = Object.keys(charts).flatMap((study) =>
    seriesOf(picked(session, study)).map((name) => {
      const own = picked(session, study).filter(({ series }) => series === name);
      const [first, last] = [own[0], own.at(-1)];
      const times = (key) => (first[key] === undefined ? '–' : `x${short(last[key] / first[key])}`);
      const [low, high] = [first.x, last.x].map((x) => (x >= 1e4 ? x.toExponential(0).replace('+', '') : String(x)));
      return [
        study,
        name,
        `${low} … ${high}`,
        ...[first, last].map(({ median }) => short(median)),
        times('median'),
        times('bytes'),
      ];
    }),
  );
  const head = ['number', 'of', 'from … to', 'first, ms', 'last, ms', 'time', 'memory'];
  return rows.length > 0 ? table(head, rows) : '';
}

function threadsTable(session) {
  const results = picked(session, 'threads');
  const counts = [...new Set(results.map(({ x }) => x))];
  const rows = seriesOf(results).map((name) => {
    const own = results.filter(({ series }) => series === name);
    const speedup = own[0].median / own.at(-1).median;
    return [name, ...own.map(({ median }) => short(median)), `x${short(speedup)}`];
  });
  const head = ['network', ...counts.map((count) => `${count} thread${count === 1 ? '' : 's'}, ms`), 'speedup'];
  return rows.length > 0 ? table(head, rows) : '';
}

function programsTable(session) {
  const results = picked(session, 'programs');
  const rows = results.map(({ series, compileMilliseconds, instructions, arenaBytes, liveBytes, bindingBytes }) => [
    series,
    short(compileMilliseconds),
    String(instructions),
    mebibytes(arenaBytes),
    mebibytes(liveBytes),
    percent(arenaBytes / liveBytes - 1),
    mebibytes(bindingBytes),
  ]);
  const head = [
    'network',
    'compile, ms',
    'instructions',
    'arena, MiB',
    'needed at one time, MiB',
    'lost',
    'inputs and state, MiB',
  ];
  return rows.length > 0 ? table(head, rows) : '';
}

/** What a training step takes with images as they are, and how many times that where they are changed at random. */
function augmentationTable(session) {
  const results = picked(session, 'augmentation');
  const kinds = [...new Set(results.map(({ augmented }) => augmented))];
  const rows = seriesOf(results).map((name) => {
    const [plain, ...changed] = results.filter(({ series }) => series === name).map(({ median }) => median);
    return [name, short(plain), ...changed.map((median) => `x${(median / plain).toFixed(2)}`)];
  });
  const [, ...changes] = kinds;
  return rows.length > 0 ? table(['network', 'images as they are, ms', ...changes], rows) : '';
}

function callsTable(session) {
  const rows = picked(session, 'calls').map(({ series, call, step }) => [series, ...[call, step].map(short)]);
  return rows.length > 0 ? table(['program', 'a call, µs', 'a step within a call of many, µs'], rows) : '';
}

/** Sections; `pictureOf(name)` gives the section of a picture, on the page. */
export function scalingReport(session, pictureOf = () => ({})) {
  return [
    { text: `${describeEnvironment(session.environment)} The machine's limit was ${short(session.limit)} Gflop/s.` },
    pictureOf('times'),
    { title: 'From the first value to the last', text: growthTable(session) },
    pictureOf('memory'),
    { title: 'Threads', text: threadsTable(session) },
    { title: 'Programs of the penalty step', text: programsTable(session) },
    { title: 'Training steps with images changed at random', text: augmentationTable(session) },
    { title: 'Calls, beside their work', text: callsTable(session) },
  ];
}
