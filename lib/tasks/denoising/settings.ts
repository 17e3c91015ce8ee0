import { datasetSpecifications } from '../../data/dataset.js';
import { invalidArgument } from '../../errors.js';
import { networkNames } from '../../network/models.js';
import { definedOnly, type GivenOptions, type Options, type OptionTable, validateOptions } from '../../options.js';
import { constant } from '../../schedules/index.js';
import { approxGrad, findMethod, penalty } from '../../solvers/index.js';
import { augmentationText, parseAugmentation } from './augmentation.js';
import { noiseKinds } from './data.js';
import { type FormMethod, formMethods } from './form-methods.js';

const source = 'Mehra and Hamm 2021, supplement E.2, variant of Franceschi et al. 2017';

const settingsOption = {
  kind: 'choice',
  values: ['tuned', 'authors'],
  default: 'tuned',
  text: "Defaults of the options below: tuned here, or those of the paper's authors.",
} as const;

/** Forms of the method. */
const forms = ['cross-fitted', 'paper'] as const;

const methodNames = Object.keys(formMethods) as readonly FormMethod[];

/** Options of the denoising task itself; those of the methods follow in denoisingOptions. */
export const ownOptions = {
  data: { kind: 'text', default: 'mnist', text: `Data set: ${datasetSpecifications}.` },
  network: {
    kind: 'text',
    default: 'logreg',
    text: `Network: ${networkNames.join(', ')} or the path of an ONNX file.`,
  },
  output: { kind: 'text', default: '', text: 'Output of the network that gives the logits, instead of its first one.' },
  train: { kind: 'integer', min: 1, default: 5000, text: 'Training samples, whose labels are partly wrong.', source },
  validation: { kind: 'integer', min: 1, default: 5000, text: 'Validation samples, whose labels are right.', source },
  noise: { kind: 'number', min: 0, max: 1, default: 0.5, text: 'Share of wrong training labels.', source },
  noiseKind: {
    kind: 'choice',
    values: noiseKinds,
    default: 'symmetric',
    text: 'Which labels the wrong ones are: any other, the next class, or what the network confuses the sample with.',
  },
  form: {
    kind: 'choice',
    values: forms,
    default: 'cross-fitted',
    text: "The form of the method: cross-fitted, or the paper's with a weight of its own for each sample.",
  },
  method: {
    kind: 'choice',
    values: methodNames,
    default: 'penalty',
    text: "Method of the paper's form: the paper's own, or what it is compared with there.",
  },
  rounds: { kind: 'integer', min: 1, default: 6, text: 'Rounds of cross-fitting.' },
  decayIterations: {
    kind: 'integer',
    min: 0,
    default: 20,
    text: 'Iterations of the bilevel problem by which the cross-fitted form learns weight decay; 0 leaves it out.',
  },
  seed: { kind: 'integer', min: 0, default: 0, text: 'Seed of the split, the noise and the mini-batches.' },
  epochs: { kind: 'integer', min: 1, default: 100, text: 'Passes over the training samples.' },
  batch: {
    kind: 'integer',
    min: 1,
    default: 200,
    text: 'Samples of a mini-batch, training and validation each; by default at most as many as there are.',
    source,
  },
  pretrainEpochs: { kind: 'integer', min: 0, default: 100, text: 'Passes over the validation samples before.', source },
  pretrainLearningRate: { kind: 'number', above: 0, default: 1e-4, text: 'Learning rate of these passes.' },
  agreeing: {
    kind: 'number',
    above: 0,
    below: 1,
    default: 0.6,
    text: 'First weight of a sample that the pre-trained network agrees with.',
  },
  disagreeing: { kind: 'number', above: 0, below: 1, default: 0.4, text: 'First weight of the others.' },
  rescale: { kind: 'boolean', default: true, text: 'Whether weights are scaled to mean 1/2 after each epoch.' },
  trust: { kind: 'number', min: 0, max: 1, default: 0.9, text: 'Weight above which a sample is kept for retraining.' },
  baselines: {
    kind: 'boolean',
    default: true,
    text: 'Whether what needs no bilevel optimization is done as well, for comparison.',
  },
  paperForm: {
    kind: 'boolean',
    default: true,
    text: "Whether the paper's form is among what is done for comparison, where the run has another one.",
  },
  trainSteps: { kind: 'integer', min: 1, default: 400, text: 'Steps of each training of a single level.' },
  trainLearningRate: { kind: 'number', above: 0, default: 0.01, text: 'First learning rate of these trainings.' },
  augment: {
    kind: 'text',
    default: '',
    text: `What trainings do to images at random whenever they see them: of ${augmentationText}.`,
  },
} as const;

/** What is not of the method. */
export const taskOptions = { settings: settingsOption, ...ownOptions } as const;

const { linearSteps, linearSolver, linearLearningRate, tikhonov } = approxGrad.options;

/** What ApproxGrad takes besides the options that it shares with the penalty method. */
export const linearOptions = { linearSteps, linearSolver, linearLearningRate, tikhonov } as const;

/** Every option of a denoising run: the task's own and those of the methods. */
export const denoisingOptions = { ...taskOptions, ...penalty.options, ...linearOptions } as const;

export type GivenDenoisingSettings = GivenOptions<typeof denoisingOptions>;

export interface DenoisingSettings {
  readonly task: Options<typeof ownOptions>;
  /** Of the task's method. */
  readonly method: Options<typeof penalty.options> | Options<typeof approxGrad.options>;
}

/** The released code of the paper's authors for MNIST, that of the penalty method with softmax regression. */
const authors: Readonly<Record<FormMethod, GivenDenoisingSettings>> = {
  penalty: {
    variant: 'authors',
    epochs: 100,
    upperLearningRate: constant(3),
    lowerLearningRate: constant(1e-4),
    nu: 1e-4,
  },
  approxGrad: {
    epochs: 100,
    upperLearningRate: constant(1),
    lowerLearningRate: constant(1e-6),
    linearLearningRate: constant(1e-5),
  },
};

/**
 * A small step of u with moments of its own for every sample keeps weights from jumping between 0 and 1, so that they
 * rank the samples; a fifth of the epochs is then enough.
 */
const tuned: GivenDenoisingSettings = { epochs: 20, upperLearningRate: constant(0.05), slots: 'sample' };

/** What each choice of `settings` changes. */
const presets: Readonly<Record<string, Readonly<Record<FormMethod, GivenDenoisingSettings>>>> = {
  authors,
  tuned: { penalty: { ...authors.penalty, ...tuned }, approxGrad: tuned },
};

/**
 * Fills in the defaults of the chosen settings.
 * @throws UNKNOWN_OPTION, INVALID_ARGUMENT, also for a mini-batch larger than one of the sets it is drawn from and for
 *   an augmentation that is none
 */
export function validateSettings(given: GivenDenoisingSettings): DenoisingSettings {
  const { settings, method: name } = validateOptions(denoisingOptions, given, 'denoise');
  const method = findMethod(name);
  const all: Record<string, unknown> = { ...presets[settings]?.[name as FormMethod], ...definedOnly(given) };
  const part = (table: OptionTable): Record<string, unknown> =>
    Object.fromEntries(Object.entries(all).filter(([key]) => Object.hasOwn(table, key)));
  const { batch, ...task } = validateOptions(ownOptions, part(ownOptions), 'denoise');
  parseAugmentation(task.augment);
  const smallest = Math.min(task.train, task.validation);
  if (given.batch !== undefined && batch > smallest) {
    const expected = `at most ${smallest}, the smaller of train and validation (give a smaller batch or more samples)`;
    throw invalidArgument('the option batch of denoise', expected, batch);
  }
  // An option that is another method's is an error where it was given by hand.
  const ofMethods = { ...penalty.options, ...linearOptions };
  return {
    task: { ...task, batch: Math.min(batch, smallest) },
    method: method.validate(part(ofMethods) as GivenOptions<OptionTable>) as DenoisingSettings['method'],
  };
}
