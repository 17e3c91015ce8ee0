import { datasetSpecifications, isDataset, isForExperiments } from '../../data/dataset.js';
import { invalidArgument } from '../../errors.js';
import { networkNames } from '../../network/models.js';
import { definedOnly, type GivenOptions, type Options, type OptionTable, validateOptions } from '../../options.js';
import { approxGrad, penalty, rmd } from '../../solvers/index.js';
import { seedsFrom, seedsOption } from '../../study/index.js';
import { formatOptions } from '../reading.js';
import { type PoisonerName, type Preset, poisonerNames, poisoners, presets } from './methods.js';

const source = 'Mehra and Hamm 2021, supplement D.2';

export const attacks = ['untargeted', 'targeted'] as const;
export type Attack = (typeof attacks)[number];

/** What differs for the targeted attack. */
const usualSizes = {
  untargeted: { validation: 1000, test: 8000 },
  targeted: { validation: 4000, test: 5000 },
} as const;

/** Data of one's own are shared out. */
const ownSizes = { train: 0, validation: 0, test: 0 } as const;

/** Options of the problem. */
export const problemOptions = {
  attack: {
    kind: 'choice',
    values: attacks,
    default: 'untargeted',
    text: 'Aim: the network is to be wrong on all classes, or to take one class for another.',
    source,
  },
  from: { kind: 'integer', min: 0, default: 8, text: 'Class that the targeted attack is on, by number.', source },
  to: { kind: 'integer', min: 0, default: 3, text: 'Class that it is to be taken for.', source },
  data: { kind: 'text', default: 'mnist', text: `Data set: ${datasetSpecifications}.` },
  network: {
    kind: 'text',
    default: 'logreg',
    text: `Network: ${networkNames.join(', ')} or the path of an ONNX file.`,
    source,
  },
  train: {
    kind: 'integer',
    min: 0,
    default: 1000,
    text: 'Clean training points; 0, for data of your own the default, for 60 % of them.',
    source,
  },
  validation: {
    kind: 'integer',
    min: 0,
    default: 1000,
    text: 'Points by which the attacker judges; 0, for data of your own the default, for 20 %.',
    source,
  },
  test: {
    kind: 'integer',
    min: 0,
    default: 8000,
    text: "Test points, from the data's training part as the others; 0 for its whole test part, or without one for the others.",
    source,
  },
  l2: {
    kind: 'number',
    above: 0,
    default: 0.005,
    text: "Weight decay: g's factor of |v|^2 / 2.",
    source: "the authors' code",
  },
  seed: {
    kind: 'integer',
    min: 0,
    max: 2 ** 31 - 1,
    default: 0,
    text: 'First seed: of the split and of where points start.',
  },
} as const satisfies OptionTable;

export interface PoisoningSettings extends Omit<Options<typeof problemOptions>, 'attack'> {
  readonly attack: Attack;
  /** How data of one's own are read. */
  readonly format?: Options<typeof formatOptions>;
}

/** Poison points beside data of one's own. */
const ownPoints = '5';

/** Options of the study beside those of the problem and of the penalty method. */
export const studyOptions = {
  points: {
    kind: 'text',
    default: '60',
    text: 'Poison points: a number, or several with commas between them; of data of your own 5.',
    source,
  },
  audit: {
    kind: 'boolean',
    default: false,
    text: 'Also tells what each poison point does by itself: a network is trained without it.',
  },
  methods: {
    kind: 'text',
    default: 'all',
    text: `Who poisons, with commas between them: all, or of ${poisonerNames.join(', ')}.`,
  },
  settings: {
    kind: 'choice',
    values: Object.keys(presets) as (keyof typeof presets)[],
    default: 'tuned',
    text: "Defaults of the methods' options and of iterations: tuned here, or those of the paper's authors.",
  },
  seeds: seedsOption,
  iterations: {
    kind: 'integer',
    min: 1,
    default: presets.tuned.untargeted.iterations,
    text: 'Steps of the poison points.',
  },
  judgeEvery: {
    kind: 'integer',
    min: 1,
    default: 20,
    text: 'Iterations after which f(u, v*) is measured, of which the best is kept.',
  },
} as const satisfies OptionTable;

/** A set of runs that differ in their seed. */
export interface PoisoningRunSettings {
  readonly name: PoisonerName;
  readonly points: number;
}

export interface PoisoningStudySettings {
  /** With the first seed. */
  readonly problem: PoisoningSettings;
  readonly seeds: readonly number[];
  readonly runs: readonly PoisoningRunSettings[];
  readonly iterations: number;
  readonly judgeEvery: number;
  readonly audit: boolean;
  /** Validated options of the bilevel methods by name. */
  readonly options: Readonly<Partial<Record<PoisonerName, Options<OptionTable>>>>;
}

/** What of the options belongs to a table. */
export const partOf = (table: OptionTable, given: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(table, key)));

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT */
export function validateProblem(given: Readonly<Record<string, unknown>>): PoisoningSettings {
  const named = given as GivenOptions<typeof problemOptions>;
  const { attack } = validateOptions(problemOptions, named, 'poison');
  const { data = problemOptions.data.default } = named;
  if (!isDataset(data)) throw invalidArgument('the option data of poison', datasetSpecifications, data);
  const sizes = isForExperiments(data) ? usualSizes[attack as Attack] : ownSizes;
  const settings = validateOptions(problemOptions, { ...sizes, ...definedOnly(named) }, 'poison');
  if (settings.from === settings.to) {
    throw invalidArgument('the option to of poison', `another class than from, which is ${settings.from}`, settings.to);
  }
  return settings as PoisoningSettings;
}

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT, also for a list of points or methods that is none */
export function validateStudy(given: Readonly<Record<string, unknown>>): PoisoningStudySettings {
  const {
    problem: known,
    study,
    method,
    format,
  } = {
    problem: partOf(problemOptions, given),
    study: partOf(studyOptions, given),
    method: partOf(penalty.options, given),
    format: partOf(formatOptions, given),
  };
  const unknown = Object.fromEntries(
    Object.entries(given).filter(([key]) => !(key in known || key in study || key in method || key in format)),
  );
  const { settings } = validateOptions(studyOptions, { ...study, ...unknown }, 'poison');
  const stated = validateProblem(known);
  const isOwn = !isForExperiments(stated.data);
  const foreign = Object.keys(definedOnly(format)).find(() => !isOwn);
  if (foreign !== undefined) {
    throw invalidArgument(`the option ${foreign} of poison`, 'nothing, as it is for data of your own', format[foreign]);
  }
  const problem = isOwn ? { ...stated, format: validateOptions(formatOptions, format, 'poison') } : stated;
  const preset: Preset = presets[settings as keyof typeof presets][problem.attack];
  const usual = { iterations: preset.iterations, ...(isOwn && { points: ownPoints }) };
  const all = validateOptions(studyOptions, { ...usual, ...definedOnly(study) }, 'poison');
  const names = namesOf(all.methods);
  const { lowerSteps } = method;
  const chosen = preset.options(all.iterations);
  return {
    problem,
    seeds: seedsFrom(problem.seed, all.seeds),
    runs: runsOf(names, pointsOf(all.points)),
    iterations: all.iterations,
    judgeEvery: all.judgeEvery,
    audit: all.audit,
    options: {
      rmd: rmd.validate({
        ...chosen.rmd,
        ...(lowerSteps !== undefined && { lowerSteps: lowerSteps as number }),
      }),
      approxGrad: approxGrad.validate({
        ...chosen.approxGrad,
        ...(lowerSteps !== undefined && { lowerSteps: lowerSteps as number, linearSteps: lowerSteps as number }),
      }),
      penalty: penalty.validate({ ...chosen.penalty, ...definedOnly(method) }),
    },
  };
}

function namesOf(text: string): readonly PoisonerName[] {
  if (text === 'all') return poisonerNames;
  const chosen = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = chosen.find((name) => !Object.hasOwn(poisoners, name));
  if (unknown === undefined) return poisonerNames.filter((name) => chosen.includes(name));
  throw invalidArgument(
    'the option methods of poison',
    `all, or names of ${poisonerNames.join(', ')} separated by commas`,
    unknown,
  );
}

function pointsOf(text: string): readonly number[] {
  const counts = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (counts.every((count) => Number.isSafeInteger(count) && count >= 1)) return [...new Set(counts)];
  throw invalidArgument('the option points of poison', 'positive integers separated by commas, such as 10,20,60', text);
}

/** Without poison there is one run whatever the number of points. */
function runsOf(names: readonly PoisonerName[], counts: readonly number[]): readonly PoisoningRunSettings[] {
  const [first = 1] = counts;
  return [
    ...(names.includes('none') ? [{ name: 'none' as const, points: first }] : []),
    ...counts.flatMap((points) => names.filter((name) => name !== 'none').map((name) => ({ name, points }))),
  ];
}
