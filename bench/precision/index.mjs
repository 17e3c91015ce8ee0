// What rounding the operands of convolutions to bfloat16 gains and what it costs; see ../README.md.
import { parseArgs } from 'node:util';
import { prepareStep } from '../contenders/bilevel.mjs';
import { environmentOf, loadNow, warnOfLoad } from '../environment.mjs';
import { networks } from '../networks.mjs';
import { steps } from '../problem.mjs';
import { plain } from '../report.mjs';
import { save } from '../results.mjs';
import { statistics } from '../statistics.mjs';
import { precisionReport } from './report.mjs';

const larger = ['mnist-cnn', 'conv4-28', 'conv4-84', 'resnet12-84'];

const usage = `Usage: npm run bench:precision -- [options]

  --networks LIST  of ${Object.keys(networks).join(',')} (${larger.join(',')})
  --reps N         repetitions (5)
  --write          also renew the table in docs/performance.md
  --help           this text`;

/** |a - b| / |a| of vectors in several parts. */
function deviation(a, b) {
  let square = 0;
  let difference = 0;
  for (const [part, values] of a.entries()) {
    for (const [i, value] of values.entries()) {
      square += value ** 2;
      difference += (value - b[part][i]) ** 2;
    }
  }
  return Math.sqrt(difference / square);
}

/** One network and step with both precisions, whose repetitions take turns. */
async function compare(step, name, repetitions) {
  const jobs = { float32: undefined, bf16: undefined };
  for (const precision of Object.keys(jobs)) jobs[precision] = await prepareStep(step, networks[name], { precision });
  const { float32, bf16 } = jobs;
  const gradient = deviation(await float32.gradient(), await bf16.gradient());
  const value = deviation([[(await float32.check()).value]], [[(await bf16.check()).value]]);
  const milliseconds = { float32: [], bf16: [] };
  for (const job of Object.values(jobs)) await job.run(2);
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const [precision, { run }] of Object.entries(jobs)) {
      const count = 3;
      const start = performance.now();
      await run(count);
      milliseconds[precision].push((performance.now() - start) / count);
    }
  }
  for (const job of Object.values(jobs)) job.dispose();
  return {
    step,
    network: name,
    value,
    gradient,
    float32: statistics(milliseconds.float32),
    bf16: statistics(milliseconds.bf16),
  };
}

async function main() {
  const { values } = parseArgs({
    options: {
      networks: { type: 'string', default: larger.join(',') },
      reps: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const wanted = values.networks.split(',');
  const unknown = wanted.find((name) => networks[name] === undefined);
  if (unknown !== undefined) throw new Error(`--networks knows ${Object.keys(networks).join(', ')} but not ${unknown}`);
  warnOfLoad();
  const start = loadNow();
  const results = [];
  for (const name of wanted) {
    for (const step of steps) {
      console.error(`${step}, ${name}`);
      results.push(await compare(step, name, Number(values.reps)));
    }
  }
  const { versions } = await prepareStep('sgd', networks[wanted[0]]);
  const session = { environment: environmentOf({ start, end: loadNow() }, versions), results };
  await save('results', 'precision', session);
  console.log(plain(precisionReport(session)));
  if (!values.write) return;
  await save('history', 'precision', session);
  const { renewPage } = await import('../page.mjs');
  await renewPage(['precision']);
}

await main();
process.exit(0);
