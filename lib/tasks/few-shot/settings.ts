import { isDataset } from '../../data/dataset.js';
import { parseSizes } from '../../data/sizes.js';
import { invalidArgument } from '../../errors.js';
import { featureNames } from '../../network/models.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../../options.js';
import { seedsFrom, seedsOption } from '../../study/index.js';
import { type ApproachName, approachNames } from './approaches.js';
import type { DataSettings } from './data.js';
import type { Episodes } from './problems.js';

const source = 'Mehra and Hamm 2021, supplement E.3';

const dataOptions = {
  data: {
    kind: 'text',
    default: 'mnist',
    text: 'Images of classes: mnist, fashion-mnist, cifar10, omniglot:DIR, or folder:DIR with a folder for each class, dealt out to train, val and test or not.',
  },
  trainClasses: {
    kind: 'integer',
    min: 0,
    default: 0,
    text: 'Classes to learn from, before they are turned; 0 for 64 % of them, of Omniglot 1,100.',
  },
  validationClasses: {
    kind: 'integer',
    min: 0,
    default: 0,
    text: 'Classes that tell when to stop; 0 for 16 % of them, of Omniglot 100. All others are for the test.',
  },
  samples: { kind: 'integer', min: 0, default: 200, text: 'Most samples of a class; 0 for all.' },
  rotations: {
    kind: 'boolean',
    default: true,
    text: 'Whether images turned by 90, 180 and 270 degrees are classes of their own.',
    source,
  },
  shape: { kind: 'text', default: '', text: 'Sizes that images are scaled to: channels,height,width.' },
} as const satisfies OptionTable;

const taskOptions = {
  ways: { kind: 'integer', min: 2, max: 1000, default: 5, text: 'Classes of a task (N).' },
  shots: { kind: 'integer', min: 1, max: 1000, default: 1, text: 'Samples of each class to learn from (K).' },
  queries: { kind: 'integer', min: 1, max: 1000, default: 15, text: 'Samples of each class to be judged by.', source },
  tasks: { kind: 'integer', min: 1, max: 1000, default: 4, text: 'Tasks of a meta-batch.' },
} as const satisfies OptionTable;

const trainingOptions = {
  methods: {
    kind: 'text',
    default: 'penalty,anil,protoNet,fineTuning',
    text: `Methods: ${approachNames.join(', ')}; or all.`,
  },
  network: {
    kind: 'text',
    default: 'conv4-32',
    text: `Network that gives features: ${featureNames.join(', ')} or the path of an .onnx file.`,
  },
  output: {
    kind: 'text',
    default: '',
    text: 'Output, node or value of an .onnx file that is taken for features; its first output by default.',
  },
  iterations: {
    kind: 'integer',
    min: 1,
    default: 100,
    text: 'Meta-batches to learn from, or mini-batches of plain training.',
  },
  learningRate: {
    kind: 'number',
    above: 0,
    default: 1e-3,
    text: 'First learning rate of Adam for what all tasks share; it falls to 0 along half a cosine.',
  },
  evaluations: {
    kind: 'integer',
    min: 1,
    default: 5,
    text: 'How often tasks of the validation classes are tried; the test is of the best time.',
  },
  validationTasks: {
    kind: 'integer',
    min: 1,
    default: 100,
    text: 'Tasks of the validation classes, each time the same.',
  },
  testTasks: { kind: 'integer', min: 1, default: 600, text: 'Tasks of the test classes.', source },
  seed: {
    kind: 'integer',
    min: 0,
    max: 2 ** 31 - 1,
    default: 0,
    text: 'Seed of the classes of each part, and of all tasks.',
  },
  seeds: seedsOption,
} as const satisfies OptionTable;

export const fewShotOptions = { 'Data:': dataOptions, 'Tasks:': taskOptions, 'Learning:': trainingOptions } as const;

const allOptions = { ...dataOptions, ...taskOptions, ...trainingOptions } as const;

/** What all runs share. */
export interface FewShotSettings
  extends Omit<Options<typeof allOptions>, 'methods' | 'shape' | 'seeds' | 'trainClasses' | 'validationClasses'>,
    Episodes,
    Omit<DataSettings, 'data' | 'samples' | 'rotations' | 'seed'> {}

export interface FewShotStudy {
  readonly shared: FewShotSettings;
  readonly methods: readonly ApproachName[];
  readonly seeds: readonly number[];
}

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
export function validateSettings(given: GivenOptions<typeof allOptions>): FewShotStudy {
  const { methods, shape, seeds, trainClasses, validationClasses, ...shared } = validateOptions(
    allOptions,
    given,
    'few-shot',
  );
  if (!isDataset(shared.data)) throw invalidArgument('data', dataOptions.data.text, shared.data);
  const names = methods === 'all' ? approachNames : methods.split(',').map((name) => findApproach(name.trim()));
  return {
    shared: {
      ...shared,
      shape: shape === '' ? undefined : parseSizes(shape),
      trainClasses: trainClasses === 0 ? undefined : trainClasses,
      validationClasses: validationClasses === 0 ? undefined : validationClasses,
    },
    methods: [...new Set(names)],
    seeds: seedsFrom(shared.seed, seeds),
  };
}

function findApproach(name: string): ApproachName {
  const found = approachNames.find((known) => known === name);
  if (found === undefined) throw invalidArgument('methods', `names among ${approachNames.join(', ')}, or all`, name);
  return found;
}

/** `5-way 1-shot` */
export const settingText = ({ ways, shots }: Pick<Episodes, 'ways' | 'shots'>): string => `${ways}-way ${shots}-shot`;
