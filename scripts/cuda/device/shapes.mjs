// Every product and convolution of the timed networks: its time in a step, and its rate.
import { prepareStep } from '../../../bench/contenders/bilevel.mjs';
import { networks } from '../../../bench/networks.mjs';
import { Device } from '../../../dist/lib/engine/index.js';
import { part } from './part.mjs';

const timed = /^(matmul|conv)/;

await part('shapes', async ({ quick, found, save }) => {
  const steps = quick ? 1 : 20;
  found.instructions = [];
  for (const precision of quick ? ['float32'] : ['float32', 'tf32']) {
    for (const network of quick ? ['logreg'] : Object.keys(networks)) {
      const job = await prepareStep('penalty', networks[network], {}, Device.cuda({ precision }));
      const seconds = await job.seconds(steps);
      for (const [i, { opcode, detail, flops, section }] of job.cost.instructions.entries()) {
        if (!timed.test(opcode)) continue;
        const microseconds = (1e6 * seconds[i]) / (section === 'step' ? steps : 1);
        const rate = flops / microseconds / 1e6;
        found.instructions.push({ network, precision, section, opcode, detail, flops, microseconds, teraflops: rate });
      }
      job.dispose();
      await save();
    }
  }
});
