import { invalidArgument } from '../../errors.js';
import { definedOnly, type GivenOptions, type Options, validateOptions } from '../../options.js';
import { type StudyMethodName, studyMethodNames } from './methods.js';
import type { Model } from './model.js';

const source = "Sow, Ji and Liang 2022, the authors' notebooks";

/** One curve of a study. */
export interface StudyRun {
  readonly method: StudyMethodName;
  readonly lowerSteps: number;
  readonly upperLearningRate: number;
  /** 0.001 by default. */
  readonly lowerLearningRate?: number;
}

interface Study {
  /** What follows in its title, where it is one of several of a model. */
  readonly subject?: string;
  readonly model: Model;
  readonly regularizer: number;
  readonly smoothing: number;
  readonly sizes: {
    readonly features: number;
    readonly embedding: number;
    readonly hidden: number;
    readonly samples: number;
    readonly iterations: number;
  };
  readonly runs: readonly StudyRun[];
  /** Outer steps after which losses were published. */
  readonly reported: readonly number[];
}

const linear = { model: 'linear', regularizer: 0.1, smoothing: 0.01 } as const;
const small = { features: 64, embedding: 128, hidden: 512, samples: 500, iterations: 100 };
const network = { model: 'sigmoid', regularizer: 0.001, smoothing: 0.1 } as const;
const networkSizes = { features: 256, embedding: 256, hidden: 512, samples: 5000, iterations: 100 };

const steps = (numbers: readonly number[], upperLearningRate: number): StudyRun[] =>
  numbers.flatMap((lowerSteps) =>
    (['gd', 'pzoboUnit'] as const).map((method) => ({ method, lowerSteps, upperLearningRate })),
  );

/** All methods, with the learning rate and the number of lower steps that differ for some. */
const compared = (
  usual: Omit<StudyRun, 'method'>,
  others: Partial<Record<StudyMethodName, Partial<StudyRun>>>,
): StudyRun[] => studyMethodNames.map((method) => ({ ...usual, ...others[method], method }));

/** The experiments, with every setting of the notebooks. */
export const studies = {
  small: {
    ...linear,
    sizes: small,
    runs: compared({ lowerSteps: 20, upperLearningRate: 0.05 }, { hozog: { upperLearningRate: 0.1 } }),
    reported: [30, 50, 99],
  },
  large: {
    ...linear,
    sizes: { ...small, features: 128, embedding: 256, samples: 1000, iterations: 150 },
    runs: compared(
      { lowerSteps: 20, upperLearningRate: 0.05 },
      { hozog: { upperLearningRate: 0.1 }, aidCg: { upperLearningRate: 0.01 } },
    ),
    reported: [30, 50, 100, 149],
  },
  steps: {
    ...linear,
    subject: 'number of lower steps',
    sizes: small,
    runs: steps([10, 20, 40], 0.05),
    reported: [30, 50, 99],
  },
  network: {
    ...network,
    sizes: networkSizes,
    runs: compared(
      { lowerSteps: 10, upperLearningRate: 0.01 },
      { hozog: { upperLearningRate: 0.2 }, aidCg: { lowerSteps: 30 } },
    ),
    reported: [30, 50, 80, 99],
  },
  networkSteps: {
    ...network,
    subject: 'number of lower steps',
    sizes: networkSizes,
    // The notebook lists both rates; 50 steps of the usual one make the loss rise again.
    runs: [...steps([5, 10, 20], 0.01), ...steps([50], 0.01).map((run) => ({ ...run, lowerLearningRate: 3e-4 }))],
    reported: [30, 50, 99],
  },
} as const satisfies Readonly<Record<string, Study>>;

export type StudyName = keyof typeof studies;
export const studyNames = Object.keys(studies) as StudyName[];

/** What is learned, at the sizes that are run. */
export function studyTitle({ study, features, hidden, embedding }: RepresentationSettings): string {
  const { model, subject }: Study = studies[study];
  const network = {
    linear: `Linear embedding, ${features} x ${embedding}`,
    sigmoid: `Two layers of sigmoids, ${features} x ${hidden} x ${embedding}`,
  };
  return [network[model], ...(subject === undefined ? [] : [subject])].join(', ');
}

const { small: usual } = studies;

export const representationOptions = {
  study: {
    kind: 'choice',
    values: studyNames,
    default: 'small',
    text: 'Experiment: a linear embedding of two sizes, a two-layer network, or the number of lower steps on either.',
  },
  methods: {
    kind: 'text',
    default: 'all',
    text: `Methods to run, separated by commas: all, or of ${studyMethodNames.join(', ')}.`,
  },
  instances: {
    kind: 'integer',
    min: 1,
    default: 1,
    text: 'Random instances, with seeds from --seed on; shows means.',
  },
  seed: { kind: 'integer', min: 0, max: 2 ** 31 - 1, default: 0, text: 'Seed of the first instance.' },
  iterations: { kind: 'integer', min: 1, default: usual.sizes.iterations, text: 'Steps of the embedding.', source },
  samples: { kind: 'integer', min: 1, default: usual.sizes.samples, text: 'Rows of either level.', source },
  features: { kind: 'integer', min: 1, default: usual.sizes.features, text: 'Columns of the data.', source },
  embedding: { kind: 'integer', min: 1, default: usual.sizes.embedding, text: 'Columns of the embedding.', source },
  hidden: {
    kind: 'integer',
    min: 1,
    default: usual.sizes.hidden,
    text: "Width of the network's hidden layer.",
    source,
  },
} as const;

export type GivenRepresentationSettings = GivenOptions<typeof representationOptions>;

export interface RepresentationSettings extends Omit<Options<typeof representationOptions>, 'study' | 'methods'> {
  readonly study: StudyName;
  readonly runs: readonly StudyRun[];
  /** Whether sizes and iterations are those of the notebooks, so that their figures are of the same experiment. */
  readonly asPublished: boolean;
}

/**
 * Fills in the sizes of the chosen study.
 * @throws UNKNOWN_OPTION; INVALID_ARGUMENT, also for a method that there is not or that the study does not run
 */
export function validateSettings(given: GivenRepresentationSettings): RepresentationSettings {
  const { study: name, methods } = validateOptions(representationOptions, given, 'representation');
  const study = name as StudyName;
  const { sizes, runs } = studies[study];
  const options = validateOptions(representationOptions, { ...sizes, ...definedOnly(given) }, 'representation');
  const chosen = chooseMethods(methods, study);
  return {
    ...options,
    study,
    runs: runs.filter(({ method }) => chosen.has(method)),
    asPublished: Object.entries(sizes).every(([key, value]) => options[key as keyof typeof sizes] === value),
  };
}

function chooseMethods(text: string, study: StudyName): ReadonlySet<string> {
  const known = new Set<string>(studies[study].runs.map(({ method }) => method));
  if (text === 'all') return known;
  const chosen = text.split(',').map((name) => name.trim());
  const unknown = chosen.find((name) => !known.has(name));
  if (unknown === undefined) return new Set(chosen);
  throw invalidArgument(
    'the option methods of representation',
    `all, or names of ${[...known].join(', ')} separated by commas`,
    unknown,
  );
}
