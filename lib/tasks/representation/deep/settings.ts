import { experimentSpecifications, isForExperiments } from '../../../data/dataset.js';
import { invalidArgument } from '../../../errors.js';
import { featureNames } from '../../../network/models.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../../../options.js';
import { type LearnerName, learnerNames } from './learners.js';

const source = "Sow, Ji and Liang 2022, the authors' code";

/** Options beside those that deep representations share with the other experiments. */
export const deepOptions = {
  deep: {
    kind: 'boolean',
    default: false,
    text: 'Learns the features of a network for images in place of an embedding of random data.',
  },
  data: { kind: 'text', default: 'mnist', text: `Images: ${experimentSpecifications}.` },
  network: {
    kind: 'text',
    default: 'lenet-84',
    text: `Network that gives features: ${featureNames.join(', ')} or the path of an .onnx file.`,
    source,
  },
  output: { kind: 'text', default: '', text: 'Output, node or value of an .onnx file that is taken for features.' },
  lowerSamples: { kind: 'integer', min: 1, default: 10_000, text: 'Samples that last layers learn from.', source },
  upperSamples: {
    kind: 'integer',
    min: 1,
    default: 50_000,
    text: 'Other samples that features are learned by.',
    source,
  },
  batch: { kind: 'integer', min: 1, default: 256, text: 'Samples of a mini-batch of either level.', source },
  lowerSteps: {
    kind: 'integer',
    min: 1,
    default: 10,
    text: 'Steps of the last layer for one of the features.',
    source,
  },
  rate: {
    kind: 'number',
    above: 0,
    default: 1e-3,
    text: 'First learning rate of Adam for the features; it falls to 0 along half a cosine.',
    source,
  },
  lowerRate: { kind: 'number', above: 0, default: 0.1, text: 'Learning rate of plain steps of the last layer.' },
  smoothing: { kind: 'number', above: 0, default: 0.01, text: 'How far PZOBO-S and HOZOG move u (mu).', source },
  decay: { kind: 'number', min: 0, default: 1e-3, text: 'Weight decay of the last layer: factor of |v|^2 / 2 in g.' },
  measurements: { kind: 'integer', min: 1, default: 8, text: 'How often features are judged.' },
  judged: {
    kind: 'integer',
    min: 1,
    default: 2000,
    text: 'Most samples of each part by which features are judged: to learn a last layer from, for f, and of the test.',
  },
} as const satisfies OptionTable;

/** Those that the other experiments have as well, with defaults of their own. */
const sharedOptions = {
  methods: {
    kind: 'text',
    default: 'all',
    text: `Methods to run, separated by commas: all, or of ${learnerNames.join(', ')}.`,
  },
  iterations: { kind: 'integer', min: 1, default: 150, text: 'Steps of the features.' },
  seed: { kind: 'integer', min: 0, max: 2 ** 31 - 1, default: 0, text: 'Seed of samples and directions.' },
} as const satisfies OptionTable;

const allOptions = { ...deepOptions, ...sharedOptions };

export interface DeepSettings extends Omit<Options<typeof allOptions>, 'methods' | 'deep'> {
  readonly methods: readonly LearnerName[];
}

/** @throws UNKNOWN_OPTION, also for those of random data; INVALID_ARGUMENT */
export function validateDeep(given: Readonly<Record<string, unknown>>): DeepSettings {
  const asked = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const {
    methods,
    deep: _,
    ...settings
  } = validateOptions(allOptions, asked as GivenOptions<typeof allOptions>, 'representation --deep');
  if (!isForExperiments(settings.data)) {
    throw invalidArgument('the option data of representation', experimentSpecifications, settings.data);
  }
  return { ...settings, methods: methods === 'all' ? learnerNames : [...new Set(methods.split(',').map(findLearner))] };
}

function findLearner(text: string): LearnerName {
  const name = text.trim();
  const found = learnerNames.find((known) => known === name);
  if (found !== undefined) return found;
  throw invalidArgument(
    'the option methods of representation --deep',
    `all, or names of ${learnerNames.join(', ')} separated by commas`,
    name,
  );
}
