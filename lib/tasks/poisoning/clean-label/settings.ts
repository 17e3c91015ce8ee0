import { datasetSpecifications, isDataset, isForExperiments } from '../../../data/dataset.js';
import { invalidArgument } from '../../../errors.js';
import { networkNames } from '../../../network/models.js';
import { definedOnly, type Options, type OptionTable, validateOptions } from '../../../options.js';
import { constant } from '../../../schedules/index.js';
import { type PenaltyOptions, penalty } from '../../../solvers/index.js';
import { formatOptions } from '../../reading.js';
import { partOf, problemOptions } from '../settings.js';

const source = 'Mehra and Hamm 2021, supplement E.4';

/** Ways to make a poison point with a right label, by name. */
export const cleanLabelMethods = {
  copy: {
    title: 'Copy of the target',
    note: 'the target itself with the other label, which is wrong',
  },
  splitting: {
    title: 'Feature collision',
    note: 'Shafahi et al. 2018, Algorithm 1, kept in the ball: knows of no network that is trained on the point',
  },
  penalty: { title: 'Penalty', note: 'knows how a last layer is trained on the point' },
} as const;

export type CleanLabelMethod = keyof typeof cleanLabelMethods;
export const cleanLabelMethodNames = Object.keys(cleanLabelMethods) as readonly CleanLabelMethod[];

/** Options that the other attacks do not have. */
export const cleanLabelOptions = {
  features: {
    kind: 'text',
    default: '',
    text: 'Node or value of the network at which it is cut for features; by default what its first dense layer reads behind convolutions, or else its last.',
    source,
  },
  featureSamples: {
    kind: 'integer',
    min: 0,
    default: 10_000,
    text: 'Other samples, of all classes, that a network of the package learns features from; 0, for data of your own the default, for half. A file has its weights.',
  },
  featureSteps: { kind: 'integer', min: 1, default: 600, text: 'Steps of that training, each on 100 samples.' },
  targets: {
    kind: 'integer',
    min: 1,
    default: 16,
    text: 'Test samples of class --from, each of which one poison point is to have taken for class --to.',
  },
  radii: {
    kind: 'text',
    default: '0.25,0.35,0.4,0.45,0.5,0.55,0.6,0.7',
    text: 'How far from its base sample a point may be, as parts of the mean distance between targets and bases, with commas between them.',
  },
  collision: {
    kind: 'number',
    min: 0,
    default: 5,
    text: 'Weight of |r(target) - r(u)|^2 in f of the penalty method, of features r with a mean square length of 1.',
    source,
  },
  splittingSteps: {
    kind: 'integer',
    min: 1,
    default: 2000,
    text: 'Steps of feature collision.',
    source,
  },
  splittingRate: {
    kind: 'number',
    above: 0,
    default: 3,
    text: "Rate lambda of its steps, for such features; the paper's 0.01 of features as they are is 8.6 of lenet's.",
  },
  splittingWeight: {
    kind: 'number',
    min: 0,
    default: 0,
    text: "Weight beta of the distance to the base in it, beside the ball; the paper's 0.1 of features as they are is 0.0001 of lenet's.",
  },
} as const satisfies OptionTable;

/** Those that the other attacks have as well, with defaults of their own. */
const sharedOptions = {
  from: problemOptions.from,
  to: problemOptions.to,
  data: problemOptions.data,
  seed: problemOptions.seed,
  network: {
    kind: 'text',
    default: 'lenet',
    text: `Network: ${networkNames.join(', ')} or the path of an ONNX file.`,
  },
  train: { ...problemOptions.train, default: 200 },
  test: { ...problemOptions.test, default: 600 },
  l2: { ...problemOptions.l2, default: 1e-5 },
  iterations: { kind: 'integer', min: 1, default: 200, text: 'Steps of the poison points.', source },
  methods: {
    kind: 'text',
    default: 'all',
    text: `Who poisons, with commas between them: all, or of ${cleanLabelMethodNames.join(', ')}.`,
  },
} as const satisfies OptionTable;

const allOptions = { ...sharedOptions, ...cleanLabelOptions };

/** Plain steps of u spend the ball where features change; Adam's are as long for pixels that change nothing. */
const penaltyOptions: PenaltyOptions = {
  variant: 'adaptive',
  lowerSteps: 10,
  upperOptimizer: 'momentum',
  upperLearningRate: constant(0.3),
};

export interface CleanLabelSettings extends Omit<Options<typeof allOptions>, 'methods' | 'radii'> {
  readonly methods: readonly CleanLabelMethod[];
  /** Parts of the mean distance between targets and bases, in ascending order. */
  readonly shares: readonly number[];
  readonly penalty: Options<typeof penalty.options>;
  /** How data of one's own are read. */
  readonly format?: Options<typeof formatOptions> | undefined;
}

const where = 'poison --attack clean-label';

/** What is in the place of the defaults of the other attacks. */
export const cleanLabelDefaults = (): Readonly<Record<string, unknown>> => {
  const { penalty: method, ...settings } = validateCleanLabel({});
  return { ...settings, methods: undefined, shares: undefined, ...method };
};

/** @throws UNKNOWN_OPTION, also for options of the other attacks; INVALID_ARGUMENT */
export function validateCleanLabel({ attack: _, ...given }: Readonly<Record<string, unknown>>): CleanLabelSettings {
  const asked = definedOnly(given);
  const method = partOf(penalty.options, asked);
  const format = partOf(formatOptions, asked);
  const rest = Object.fromEntries(Object.entries(asked).filter(([key]) => !(key in method || key in format)));
  const { data = sharedOptions.data.default } = rest as { data?: string };
  if (!isDataset(data)) throw invalidArgument(`the option data of ${where}`, datasetSpecifications, data);
  const isOwn = !isForExperiments(data);
  const [foreign] = isOwn ? [] : Object.keys(format);
  if (foreign !== undefined) {
    throw invalidArgument(
      `the option ${foreign} of ${where}`,
      'nothing, as it is for data of your own',
      format[foreign],
    );
  }
  const shared = isOwn ? { featureSamples: 0, train: 0, test: 0, from: 0, to: 1 } : {};
  const { methods, radii, ...settings } = validateOptions(allOptions, { ...shared, ...rest }, where);
  if (settings.from === settings.to) {
    throw invalidArgument(
      `the option to of ${where}`,
      `another class than from, which is ${settings.from}`,
      settings.to,
    );
  }
  for (const part of ['train', 'test'] as const) {
    if (settings[part] % 2 === 0) continue;
    throw invalidArgument(
      `the option ${part} of ${where}`,
      'an even number, half of it of either class',
      settings[part],
    );
  }
  return {
    ...settings,
    methods: methodsOf(methods),
    shares: sharesOf(radii),
    penalty: penalty.validate({ ...penaltyOptions, ...method }),
    ...(isOwn && { format: validateOptions(formatOptions, format, where) }),
  };
}

function methodsOf(text: string): readonly CleanLabelMethod[] {
  if (text === 'all') return cleanLabelMethodNames;
  const asked = text.split(',').map((name) => name.trim());
  const unknown = asked.find((name) => !Object.hasOwn(cleanLabelMethods, name));
  if (unknown === undefined) return cleanLabelMethodNames.filter((name) => asked.includes(name));
  const expected = `all, or names of ${cleanLabelMethodNames.join(', ')} separated by commas`;
  throw invalidArgument(`the option methods of ${where}`, expected, unknown);
}

function sharesOf(text: string): readonly number[] {
  const shares = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (shares.every((share) => share > 0 && share < Infinity)) return [...new Set(shares)].sort((a, b) => a - b);
  throw invalidArgument(`the option radii of ${where}`, 'positive numbers separated by commas, such as 0.25,0.5', text);
}
