// Measures how the error of every method's hypergradient falls as its own knob of accuracy grows, and holds it against
// theory.
import { parseArgs } from 'node:util';
import { Device } from '../dist/lib/engine/index.js';
import { knobs } from './hypergradients/knobs.mjs';
import { agrees, errorsOf, rateOf } from './hypergradients/measure.mjs';
import { problems } from './hypergradients/problems.mjs';
import { publish, publishPicture, table } from './pages.mjs';

const usage = `Usage: npm run study:hypergradients -- [options]

  --methods LIST  of these methods alone
  --write         also write the table and the picture into docs/
  --help          this text

Exit status 1 when a measured rate is not that of theory.`;

const page = new URL('../docs/methods.md', import.meta.url);

const nameOf = ({ method, variant }) => (variant === undefined ? method : `${method}, ${variant}`);
const short = (x) => x.toExponential(0).replace('e+0', '').replace('0e', 'e');

/** First and last error, and the rate: a power of the value, or the factor of each step beside theory's. */
function cell({ knob, problem, errors, rate }) {
  const range = `${short(errors[0])} … ${short(Math.min(...errors))}`;
  if (rate === undefined) return `${range}, no rate`;
  const { power, factor } = knob.theory;
  return power === undefined
    ? `${range}, × ${rate.toFixed(2)} (${factor(problem).toFixed(2)})`
    : `${range}, ^ ${rate.toFixed(2).replace('-', '−')}`;
}

function lines(results, names) {
  return [...new Set(results.map(({ knob }) => knob))].map((knob) => [
    `\`${knob.method}\`${knob.variant === undefined ? '' : `, ${knob.variant}`}`,
    `\`${knob.knob}\` ${knob.values[0]} … ${knob.values.at(-1)}`,
    knob.theory.label,
    ...names.map((name) => {
      const result = results.find((each) => each.knob === knob && each.problem.name === name);
      return result === undefined ? 'exact' : cell(result);
    }),
  ]);
}

/** Curves that nobody could tell apart become one with all their names. */
function merged(curves) {
  const kept = [];
  for (const curve of curves) {
    const same = kept.find(({ points }) =>
      points.every(({ x, y }, i) => x === curve.points[i]?.x && Math.abs(Math.log(y / curve.points[i].y)) < 0.5),
    );
    if (same === undefined) kept.push({ ...curve });
    else same.name += `, ${curve.name}`;
  }
  return kept;
}

/** One chart for each family, of the errors on one problem, with the theory's rates from the first error on. */
function charts(results, name) {
  const shown = results.filter(({ problem }) => problem.name === name);
  return [...new Set(shown.map(({ knob }) => knob.family))].map((family) => {
    const own = shown.filter(({ knob }) => knob.family === family);
    const series = merged(
      own.map(({ knob, errors }) => ({
        name: nameOf(knob),
        points: knob.values.map((value, i) => ({ x: knob.x?.(value) ?? value, y: errors[i] })),
      })),
    );
    const theories = new Map(own.map((result) => [result.knob.theory.label, result]));
    for (const [label, { knob, problem, errors }] of theories) {
      const predicted = (value) =>
        knob.theory.power === undefined
          ? errors[0] * knob.theory.factor(problem) ** (value - knob.values[0])
          : errors[0] * (value / knob.values[0]) ** knob.theory.power;
      const points = knob.values.map((value) => ({ x: knob.x?.(value) ?? value, y: predicted(value) }));
      series.push({ name: `theory: ${label}`, points, reference: true });
    }
    const knobNames = [...new Set(own.map(({ knob }) => (knob.x ? `1 / ${knob.knob}` : knob.knob)))].join(', ');
    return {
      title: family,
      xLabel: knobNames,
      xScale: own[0].knob.xScale,
      yLabel: 'relative error',
      yScale: 'log',
      series,
    };
  });
}

async function main() {
  const { values } = parseArgs({
    options: {
      methods: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const chosen = values.methods?.split(',');
  const device = Device.cpu({ threads: 1 });
  const results = [];
  const known = await problems();
  for (const knob of knobs.filter(({ method }) => chosen === undefined || chosen.includes(method))) {
    for (const problem of known.filter((each) => knob.on?.(each) ?? true)) {
      process.stderr.write(`${nameOf(knob)} on ${problem.name}\n`);
      const errors = await errorsOf(knob, problem, device);
      results.push({ knob, problem, errors, rate: rateOf(knob, errors) });
    }
  }
  device.dispose();
  const names = known.map(({ name }) => name);
  const text = table(['method', 'knob', 'theory', ...names], lines(results, names));
  console.log(text);
  const wrong = results.filter(({ knob, problem, rate }) => !agrees(knob, problem, rate));
  for (const { knob, problem } of wrong) console.error(`Not the rate of theory: ${nameOf(knob)} on ${problem.name}`);
  if (wrong.length > 0) process.exitCode = 1;
  if (!values.write) return;
  await publishPicture('hypergradients', charts(results, 'quadratic'));
  await publish(page, 'hypergradients', text);
}

await main();
