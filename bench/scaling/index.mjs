// How the cost of bilevel's steps and iterations grows; see ../README.md.
import { parseArgs } from 'node:util';
import { Device } from '../../dist/lib/engine/index.js';
import { calls } from '../calls.mjs';
import { prepare as prepareMatmul } from '../contenders/matmul.mjs';
import { environmentOf, loadNow, warnOfLoad } from '../environment.mjs';
import { save } from '../results.mjs';
import { short } from '../statistics.mjs';
import { iterationStudies } from './iterations.mjs';
import { stepStudies } from './steps.mjs';
import { timeOf } from './timing.mjs';

const studies = [...Object.entries(stepStudies), ...Object.entries(iterationStudies), ['calls', calls]];
const names = [...new Set(studies.map(([name]) => name))];

const usage = `Usage: npm run bench:scaling -- [options]

  --studies LIST  of ${names.join(',')} (all)
  --seconds S     length of a repetition (0.2)
  --reps N        repetitions (5)
  --write         also renew tables and charts in docs/performance.md; for all studies alone
  --help          this text

Results are kept as JSON in bench/results/, and those that are written into docs/ in bench/history/.`;

async function main() {
  const { values } = parseArgs({
    options: {
      studies: { type: 'string', default: names.join(',') },
      seconds: { type: 'string', default: '0.2' },
      reps: { type: 'string', default: '5' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const wanted = values.studies.split(',');
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) throw new Error(`--studies knows ${names.join(', ')} but not ${unknown}`);
  if (values.write && wanted.length < names.length) throw new Error('--write needs all studies');
  const options = { seconds: Number(values.seconds), repetitions: Number(values.reps) };

  warnOfLoad();
  const start = loadNow();
  const product = await prepareMatmul();
  const { median } = await timeOf(product.run, options);
  const limit = product.flops / median / 1e6;
  console.error(`limit: ${short(limit)} Gflop/s`);
  const results = [];
  for (const [name, study] of studies) {
    if (!wanted.includes(name)) continue;
    for await (const result of study(options)) {
      results.push(result);
      const value = result.median ?? result.compileMilliseconds ?? result.call / 1000;
      console.error(`${result.study}, ${result.series}${result.x ? `, ${result.x}` : ''}: ${short(value)} ms`);
    }
  }
  const device = Device.cpu();
  const environment = environmentOf({ start, end: loadNow() }, { engine: device.info() });
  const session = { environment, options, limit, results };
  await save('results', 'scaling', session);
  const { plain } = await import('../report.mjs');
  const { scalingReport } = await import('./report.mjs');
  console.log(plain(scalingReport(session)));
  if (!values.write) return;
  await save('history', 'scaling', session);
  const { renewPage } = await import('../page.mjs');
  await renewPage(['scaling']);
}

await main();
process.exit(0);
