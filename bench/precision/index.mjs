// What rounding the operands of convolutions and large products to bfloat16 gains and what it costs; see ../README.md.
import { Device } from '../../dist/lib/engine/index.js';
import { chosen, positive, runCommand } from '../command.mjs';
import { networks } from '../networks.mjs';
import { steps } from '../problem.mjs';
import { precisionReport } from './report.mjs';
import { compareSteps } from './steps.mjs';
import { compareTraining } from './training.mjs';

const larger = ['mlp', 'conv4-28', 'conv4-84', 'mnist-cnn', 'resnet12-84'];

const help = {
  usage: `Usage: npm run bench:precision -- [options]

Compares steps in float32 and bf16: their time, value and gradient, and what training in each of them finds.

  --networks LIST    of ${Object.keys(networks).join(',')}
                     (${larger.join(',')})
  --reps N           repetitions (5)
  --seeds N          runs of training in each precision (2)`,
  options: {
    networks: { type: 'string', default: larger.join(',') },
    reps: { type: 'string', default: '5' },
    seeds: { type: 'string', default: '2' },
  },
};

async function measure(values) {
  const repetitions = positive('reps', values.reps);
  const results = [];
  for (const name of chosen('networks', values.networks, Object.keys(networks))) {
    for (const step of steps) {
      console.error(`${step}, ${name}`);
      results.push(await compareSteps(step, name, repetitions));
    }
  }
  const training = await compareTraining(positive('seeds', values.seeds), console.error);
  const device = Device.cpu();
  const versions = { engine: device.info() };
  device.dispose();
  return { versions, results, training };
}

await runCommand('precision', help, measure, precisionReport);
