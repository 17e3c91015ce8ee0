// A network trained in each precision from the same seeds: the search for wrong labels by the penalty method.
import { detection } from '../../dist/lib/data/detection.js';
import { Device } from '../../dist/lib/engine/index.js';
import { DenoisingRun, loadDenoisingInputs, validateSettings } from '../../dist/lib/tasks/denoising/index.js';
import { Trainer } from '../../dist/lib/tasks/denoising/trainer.js';
import { statistics } from '../statistics.mjs';
import { precisions } from './precisions.mjs';

/** A quarter of 1,000 labels is wrong, and 200 are known to be right. */
export const settings = {
  network: 'mnist-cnn',
  train: 1000,
  validation: 200,
  noise: 0.25,
  batch: 100,
  epochs: 4,
  pretrainEpochs: 30,
  lowerSteps: 5,
};

/** What one seed's run finds in one precision, and how its losses fall. */
async function train(precision, seed) {
  const device = Device.cpu({ precision });
  const given = validateSettings({ ...settings, seed });
  const inputs = await loadDenoisingInputs(given, device);
  const trainer = new Trainer(inputs.network, inputs.data, given.task, device);
  const run = await DenoisingRun.prepare(given, inputs, device, trainer);
  const first = await run.accuracy();
  const iterations = [];
  for await (const { f, g, wallMs } of run.iterate()) iterations.push({ f, g, milliseconds: wallMs });
  const result = {
    precision,
    seed,
    accuracies: { first, last: await run.accuracy() },
    detection: detection(run.weights, inputs.data.corrupted.data),
    iterations: iterations.map(({ f, g }) => ({ f, g })),
    milliseconds: statistics(iterations.map(({ milliseconds }) => milliseconds)),
  };
  run.dispose();
  trainer.dispose();
  device.dispose();
  return result;
}

/** The runs of all seeds, in one precision after the other for each. */
export async function compareTraining(seeds, onProgress) {
  const runs = [];
  for (let seed = 0; seed < seeds; seed++) {
    for (const precision of precisions) {
      onProgress(`training, seed ${seed}, ${precision}`);
      runs.push(await train(precision, seed));
    }
  }
  return { settings, runs };
}
