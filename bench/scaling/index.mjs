// How the cost of bilevel's steps and iterations grows; see ../README.md.
import { Device } from '../../dist/lib/engine/index.js';
import { calls } from '../calls.mjs';
import { chosen, positive, runCommand } from '../command.mjs';
import { prepare as prepareMatmul } from '../contenders/matmul.mjs';
import { short } from '../statistics.mjs';
import { augmentation } from './augmentation.mjs';
import { iterationStudies } from './iterations.mjs';
import { scalingReport } from './report.mjs';
import { stepStudies } from './steps.mjs';
import { timeOf } from './timing.mjs';

const studies = [
  ...Object.entries(stepStudies),
  ...Object.entries(iterationStudies),
  ['augmentation', augmentation],
  ['calls', calls],
];
const names = [...new Set(studies.map(([name]) => name))];

const help = {
  usage: `Usage: npm run bench:scaling -- [options]

Measures how time and memory of bilevel's steps and iterations grow. --write needs all studies.

  --studies LIST     of ${names.join(',')} (all)
  --seconds S        length of a repetition (0.2)
  --reps N           repetitions (5)`,
  options: {
    studies: { type: 'string' },
    seconds: { type: 'string', default: '0.2' },
    reps: { type: 'string', default: '5' },
  },
};

async function measure(values) {
  const wanted = chosen('studies', values.studies, names);
  if (values.write && wanted.length < names.length) throw new Error('--write needs all studies');
  const options = { seconds: positive('seconds', values.seconds), repetitions: positive('reps', values.reps) };

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
      const at = result.x ?? result.augmented;
      console.error(`${result.study}, ${result.series}${at ? `, ${at}` : ''}: ${short(value)} ms`);
    }
  }
  const device = Device.cpu();
  const versions = { engine: device.info() };
  device.dispose();
  return { versions, options, limit, results };
}

await runCommand('scaling', help, measure, scalingReport);
