import { detection } from '../../data/detection.js';
import { formatFixed, formatShare } from '../../report/format.js';
import { defineTask } from '../task.js';
import { checkClaims } from './claims.js';
import { loadHyperCleaningData } from './data.js';
import { Evaluation } from './evaluation.js';
import { methodSettings } from './method-settings.js';
import { hyperCleaningProblem } from './problem.js';
import { publishedLosses, publishedSeconds } from './published.js';
import { hyperCleaningOptions, validateTask } from './settings.js';

const decimals = (count: number) => (value: number) => formatFixed(value, count);

export const hyperCleaning = defineTask({
  name: 'hyper-cleaning',
  title: 'Hyper-cleaning of MNIST (Yang, Ji and Liang 2021)',
  options: hyperCleaningOptions,
  validate: validateTask,
  describe: ({ train, data, noise, validation }) =>
    `${train} training images of ${data} of which ${formatShare(noise, 0)} have a wrong label, ${validation} validation images, ` +
    'linear model',
  load: loadHyperCleaningData,
  rows: ({ train }) => train,
  problem: hyperCleaningProblem,
  judge: (data, _, device) => {
    const evaluation = new Evaluation(data, device);
    return {
      of: async ({ u, v }) => {
        const { x } = u;
        const { w } = v;
        if (x === undefined || w === undefined) throw new RangeError('The state is not one of hyper-cleaning.');
        const quality = await evaluation.of(w);
        const weights = Float64Array.from(x.toArray(), (each) => 1 / (1 + Math.exp(-each)));
        return { ...quality, auc: detection(weights, data.corrupted.data).auc };
      },
      [Symbol.dispose]: () => evaluation.dispose(),
    };
  },
  quantities: {
    trainingLoss: { title: 'training loss', chart: 'Training loss', format: decimals(2) },
    givenLoss: { title: 'given labels', format: decimals(2) },
    testLoss: { title: 'test loss', chart: 'Test loss', format: decimals(2) },
    testAccuracy: { title: 'test, %', factor: 100, format: (share) => formatFixed(100 * share, 1) },
    auc: { title: 'AUC', format: decimals(3) },
  },
  notes: {
    first: 'Mean cross-entropy on the training images with their right labels, without weights',
    others:
      'Losses on the training images with the labels as given and on the test set, and accuracy on the latter. The AUC is the ' +
      'probability that a sample with a wrong label weighs less than one with a right label.',
  },
  target: 1,
  methods: methodSettings,
  batch: 1000,
  published: (settings) => ({
    seconds: publishedSeconds,
    values: publishedLosses(settings),
    note: 'The machine of the paper is not known: its seconds are not ours.',
  }),
  claims: checkClaims,
});
