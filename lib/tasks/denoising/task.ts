import { experimentSpecifications } from '../../data/dataset.js';
import { detection } from '../../data/detection.js';
import { Classifier } from '../../network/classifier.js';
import { runningStatistics } from '../../network/running-statistics.js';
import { type Options, type OptionTable, validateOptions } from '../../options.js';
import { formatFixed, formatShare } from '../../report/format.js';
import { Tensor } from '../../tensor.js';
import { type ChosenSettings, defineTask } from '../task.js';
import { denoisingProblem, weightsOf } from './problem.js';
import { loadDenoisingInputs } from './run.js';
import { ownOptions } from './settings.js';
import { denoisingStudy } from './study.js';

const { data, network, output, train, validation, noise, noiseKind, seed, batch } = ownOptions;

const options = {
  data: { ...data, text: `Data set: ${experimentSpecifications}.` },
  ...{ network, output, train, validation, noise, noiseKind, seed },
} as const satisfies OptionTable;

const chosen = (own: ChosenSettings['options']): ChosenSettings => ({
  batch: batch.default,
  options: { upperLearningRate: 0.1, lowerLearningRate: 0.1, ...own },
  source: 'plain steps of 0.1 at either level',
});

export const denoising = defineTask({
  name: 'denoising',
  title: 'Cleaning of labels (Mehra and Hamm 2021)',
  options,
  study: denoisingStudy,
  validate: (given) => validateOptions(options, given, 'compare'),
  describe: ({ train, validation, noise, data, network }: Options<typeof options>) =>
    `${train} training samples of ${data} with ${formatShare(noise, 0)} wrong labels, ${validation} clean validation samples, ` +
    `${network} without pre-training`,
  load: (task, device) => loadDenoisingInputs({ task }, device),
  rows: ({ train }) => train,
  problem: ({ network, data }, { seed }, batch) =>
    denoisingProblem(
      network,
      data,
      { importance: Tensor.zeros([data.train.labels.size]), parameters: network.initialParameters() },
      { batch: Math.min(batch, data.train.labels.size, data.validation.labels.size), seed },
    ),
  judge: ({ network, data }, _, device) => {
    const classifier = new Classifier(network, device);
    const { train, test, corrupted } = data;
    return {
      of: async ({ u, v }) => {
        const { importance = Tensor.zeros([]) } = u;
        const statistics = await runningStatistics(network, train.inputs, v, { batch: batch.default, device });
        return {
          testError: 1 - (await classifier.accuracy(test, { ...v, ...statistics })),
          auc: detection(weightsOf(importance), corrupted.data).auc,
        };
      },
      [Symbol.dispose]: () => classifier.dispose(),
    };
  },
  quantities: {
    testError: {
      title: 'test error, %',
      chart: 'Test error',
      factor: 100,
      format: (share) => formatFixed(100 * share, 2),
    },
    auc: { title: 'AUC', format: (value) => formatFixed(value, 3) },
  },
  notes: {
    first: 'Test error in per cent',
    others: 'The AUC is the probability that a sample with a wrong label weighs less than one with a right label.',
  },
  methods: {
    penalty: chosen({ variant: 'paper', upperOptimizer: 'sgd', lowerOptimizer: 'sgd', lowerSteps: 20 }),
    aidCg: chosen({ lowerSteps: 20 }),
    stocbio: chosen({ lowerSteps: 20 }),
    soba: chosen({}),
    pzoboS: chosen({}),
  },
  batch: batch.default,
});
