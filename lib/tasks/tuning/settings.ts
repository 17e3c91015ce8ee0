import { datasetSpecifications, isDataset } from '../../data/dataset.js';
import { isTexts, textSpecifications } from '../../data/texts/load.js';
import { BilevelError, invalidArgument } from '../../errors.js';
import { networkNames } from '../../network/models.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../../options.js';
import { seedsFrom, seedsOption } from '../../study/index.js';
import { formatOptions, textFormatOptions } from '../reading.js';
import { type ApproachName, approachesTo, approachNames } from './approaches.js';
import { type HyperparameterName, hyperparameterNames, hyperparameters, isOfSteps } from './hyperparameters.js';

const kinds = hyperparameterNames.map((name) => `${name} (${hyperparameters[name].text})`).join(', ');

const problemOptions = {
  tune: { kind: 'text', default: 'feature-l2', text: `What is tuned, with commas between: ${kinds}.` },
  data: {
    kind: 'text',
    default: 'mnist',
    text: `Data set: ${datasetSpecifications}; or texts: ${textSpecifications}.`,
  },
  network: {
    kind: 'text',
    default: '',
    text: `Network: ${networkNames.join(', ')} or the path of an ONNX file; logreg by default, and softmax for texts.`,
  },
  output: { kind: 'text', default: '', text: 'Output of the network that gives the logits, instead of its first one.' },
  train: {
    kind: 'integer',
    min: 0,
    default: 0,
    text: 'Training samples; 0 for half of those that are not for the test, of the data sets to experiment with 500.',
  },
  validation: {
    kind: 'integer',
    min: 0,
    default: 0,
    text: 'Validation samples, by which hyperparameters are judged; 0 for the others, of the data sets to experiment with 2,000.',
  },
  test: {
    kind: 'number',
    min: 0,
    below: 1,
    default: 0.2,
    text: 'Share of your own data that is kept for the test; other data sets have a test part.',
  },
  spread: {
    kind: 'number',
    above: 0,
    default: 1,
    text: 'Deviation that logarithms of numbers of one kind are expected to have: small where there are few validation samples.',
  },
  decay: {
    kind: 'number',
    min: 1e-6,
    max: 1,
    default: 1e-3,
    text: "Weight decay, g's factor of v^2 / 2: where coefficients start that are tuned, and that of all others.",
  },
  seed: {
    kind: 'integer',
    min: 0,
    max: 2 ** 31 - 1,
    default: 0,
    text: 'First seed: of the split, of mini-batches and of random search.',
  },
} as const satisfies OptionTable;

const budgetOptions = {
  methods: {
    kind: 'text',
    default: 'all',
    text: `Who tunes, with commas between them: all, or of ${approachNames.join(', ')}.`,
  },
  seconds: {
    kind: 'number',
    above: 0,
    default: 8,
    text: 'Seconds that each has, with all trainings by which it judges what it has found.',
  },
  iterations: {
    kind: 'integer',
    min: 0,
    default: 0,
    text: 'Iterations of a method, or trainings of a search, in place of seconds where it is not 0.',
  },
  measurements: { kind: 'integer', min: 1, default: 12, text: 'How often a method judges what it has found.' },
  batch: {
    kind: 'integer',
    min: 0,
    default: 0,
    text: 'Samples of a mini-batch of either set for the methods; 0 for all.',
  },
  rate: { kind: 'number', above: 0, default: 0.1, text: 'Learning rate of Adam for u, of all methods.' },
  tikhonov: {
    kind: 'number',
    min: 0,
    default: 1e-4,
    text: 'What AID-CG adds to the curvatures of g, all of which have to be above 0: more for networks with hidden layers, such as 0.1.',
  },
  trainSteps: {
    kind: 'integer',
    min: 1,
    default: 300,
    text: 'Most steps of a training, which ends where the gradient of g vanishes.',
  },
  steps: {
    kind: 'integer',
    min: 1,
    max: 100_000,
    default: 100,
    text: 'Steps of a training instead, all of them plain, where learning rates or initial values are tuned, which have an effect on these alone.',
  },
  learningRate: {
    kind: 'number',
    above: 0,
    default: 0.05,
    text: 'Learning rate of such a training that is not tuned, and where those start that are.',
  },
  seeds: seedsOption,
} as const satisfies OptionTable;

export const tuningOptions = {
  'Problem:': problemOptions,
  'Tuning:': budgetOptions,
  'Data of your own:': formatOptions,
  'Texts of your own:': textFormatOptions,
} as const;

const allOptions = { ...problemOptions, ...budgetOptions, ...formatOptions, ...textFormatOptions } as const;

/** What all runs of a seed share. */
export interface TuningSettings extends Omit<Options<typeof allOptions>, 'tune' | 'methods' | 'seeds'> {
  readonly tuned: readonly HyperparameterName[];
}

export interface TuningStudySettings {
  /** With the first seed. */
  readonly shared: TuningSettings;
  readonly methods: readonly ApproachName[];
  readonly seeds: readonly number[];
}

/** Whether a run is on texts. */
export const isOnTexts = ({ data, text }: Pick<TuningSettings, 'data' | 'text'>): boolean =>
  isTexts(data, text === '' ? undefined : text);

/** @throws UNKNOWN_OPTION; INVALID_ARGUMENT, also for a list of names that is none, and for two budgets */
export function validateSettings(given: Readonly<Record<string, unknown>>): TuningStudySettings {
  const { tune, methods, seeds, ...shared } = validateOptions(
    allOptions,
    given as GivenOptions<typeof allOptions>,
    'tune',
  );
  const onTexts = isOnTexts(shared);
  if (!onTexts && !isDataset(shared.data)) throw invalidArgument('data', datasetSpecifications, shared.data);
  if (given.seconds !== undefined && shared.iterations > 0) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      'Expected seconds or iterations as the budget of tune but received both.',
    );
  }
  const tuned = namesOf('tune', tune, hyperparameterNames);
  const known = approachesTo(isOfSteps(tuned) ? 'steps' : 'optimum');
  const named = methods === 'all' ? known : namesOf('methods', methods, approachNames);
  const other = named.find((name) => !known.includes(name));
  if (other !== undefined) throw cannotTune(other, tuned, known);
  const network = shared.network || (onTexts ? 'softmax' : 'logreg');
  return { shared: { ...shared, network, tuned }, methods: named, seeds: seedsFrom(shared.seed, seeds) };
}

/** What stands in the way of a method that differentiates another training than the one that is tuned. */
function cannotTune(name: ApproachName, tuned: readonly HyperparameterName[], known: readonly string[]): BilevelError {
  const kinds = tuned.filter((kind) => isOfSteps([kind]));
  const reason =
    kinds.length > 0
      ? `differentiates where a training ends when it goes on for ever, on which ${kinds.join(' and ')} have no effect`
      : 'differentiates all steps of a training, which is for learning-rates and initial-values';
  return new BilevelError(
    'INVALID_ARGUMENT',
    `The method ${name} of tune ${reason}: take ${known.join(', ')}, or tune something else.`,
  );
}

/** Names with commas between them, in the order of the list. */
function namesOf<N extends string>(option: string, text: string, known: readonly N[]): readonly N[] {
  const given = text.split(',').map((name) => name.trim());
  const unknown = given.find((name) => !known.some((each) => each === name));
  if (unknown === undefined) return known.filter((name) => given.includes(name));
  throw invalidArgument(
    `the option ${option} of tune`,
    `names of ${known.join(', ')} with commas between them`,
    unknown,
  );
}

/** How far a run goes. */
export const budgetOf = ({ seconds, iterations }: Pick<TuningSettings, 'seconds' | 'iterations'>) =>
  iterations > 0
    ? ({ unit: 'iteration', amount: iterations } as const)
    : ({ unit: 'seconds', amount: seconds } as const);
