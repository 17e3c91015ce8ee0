// The networks of docs/performance.md: the time of a step, and whether it computes what float64 does.
import { readFile } from 'node:fs/promises';
import { prepareStep } from '../../../bench/contenders/bilevel.mjs';
import { networks } from '../../../bench/networks.mjs';
import { Device } from '../../../dist/lib/engine/index.js';
import { median, part, times } from './part.mjs';

const reference = JSON.parse(await readFile(new URL('../../../bench/reference.json', import.meta.url), 'utf8'));
/** As of contenders in bench/measure.mjs. */
const tolerance = 1e-3;

await part('steps', async ({ quick, found, save }) => {
  found.steps = [];
  for (const step of quick ? ['penalty'] : ['penalty', 'sgd']) {
    for (const precision of quick ? ['float32'] : ['float32', 'tf32']) {
      for (const network of quick ? ['logreg'] : Object.keys(networks)) {
        const job = await prepareStep(step, networks[network], {}, Device.cuda({ precision }));
        const [firstMilliseconds] = await times(1, () => job.check());
        const { value, gradientNorm } = await job.check();
        const expected = reference[network][step];
        const error = Math.max(
          Math.abs(value / expected.value - 1),
          Math.abs(gradientNorm / expected.gradientNorm - 1),
        );
        await job.run(quick ? 1 : 40);
        const count = quick ? 1 : 100;
        const milliseconds = median(await times(quick ? 1 : 5, () => job.run(count))) / count;
        found.steps.push({ step, network, precision, milliseconds, firstMilliseconds, error });
        job.dispose();
        await save();
        if (precision === 'float32' && !(error <= tolerance)) found.failed = `${step} of ${network} is ${error} off`;
      }
    }
  }
  if (found.failed !== undefined) throw new Error(found.failed);
});
