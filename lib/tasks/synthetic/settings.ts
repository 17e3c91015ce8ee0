import { invalidArgument } from '../../errors.js';
import { type GivenOptions, type Options, type OptionTable, parseOption, validateOptions } from '../../options.js';
import { type AnyMethod, findMethod, type PenaltyOptions } from '../../solvers/index.js';
import { matrixModes } from './data.js';
import { type ProblemName, problemNames } from './problems.js';

const source = 'Mehra and Hamm 2021, supplement E.1, and their code';

/** What the paper shows in its figures 1 and 2. */
export const paperPlan = {
  problems: ['P1', 'P2', 'P3', 'P4'],
  methods: ['gd', 'rmd', 'approxGrad', 'penalty'],
  lowerSteps: [1, 5, 10],
} as const satisfies Plan;

/** Which runs are made. */
const planOptions = {
  problems: {
    kind: 'text',
    default: paperPlan.problems.join(','),
    text: 'Problems: P1 to P4, and P5, which the paper does not show.',
  },
  methods: {
    kind: 'text',
    default: paperPlan.methods.join(','),
    text: 'Methods: names that bilevel methods lists.',
  },
  T: { kind: 'text', default: paperPlan.lowerSteps.join(','), text: 'Numbers of lower steps for a step of u.' },
} as const satisfies OptionTable;

/** What all runs share. */
export const runOptions = {
  trials: {
    kind: 'integer',
    min: 1,
    default: 20,
    text: 'Independent random starts, side by side in one program.',
    source,
  },
  iterations: { kind: 'integer', min: 1, default: 40_000, text: 'Steps of u of every run (K).', source },
  seed: { kind: 'integer', min: 0, default: 0, text: 'Seed of the starts and of the matrices A.' },
  matrix: {
    kind: 'choice',
    values: matrixModes,
    default: 'shared',
    text: 'Whether one A serves all trials of P3 to P5, as for the authors, or each has its own.',
    source,
  },
} as const satisfies OptionTable;

export const syntheticOptions = { ...planOptions, ...runOptions } as const;

export type SyntheticSettings = Options<typeof runOptions>;

export interface StudySettings {
  readonly runs: readonly RunKey[];
  /** What all runs share. */
  readonly shared: SyntheticSettings;
}

/** @throws UNKNOWN_OPTION, INVALID_ARGUMENT, also for a problem or method that there is not */
export function validateSettings(given: GivenOptions<typeof syntheticOptions>): StudySettings {
  const { problems, methods, T, ...shared } = validateOptions(syntheticOptions, given, 'synthetic');
  const lowerSteps = listOf(T).map((text) =>
    parseOption({ kind: 'integer', min: 1, default: 1, text: '' }, text, '--T'),
  );
  return {
    runs: runsOf({ problems: listOf(problems), methods: listOf(methods), lowerSteps: lowerSteps.map(Number) }),
    shared,
  };
}

const listOf = (text: string): string[] => text.split(',').map((word) => word.trim());

/** One method on one problem. */
export interface RunKey {
  readonly problem: ProblemName;
  readonly method: string;
  /** T; 1 for a method that does not choose it. */
  readonly lowerSteps: number;
}

export interface Plan {
  readonly problems: readonly string[];
  readonly methods: readonly string[];
  readonly lowerSteps: readonly number[];
}

/**
 * Every run of a plan, in order, each once.
 * @throws INVALID_ARGUMENT for a problem or method that there is not
 */
export function runsOf({ problems, methods, lowerSteps }: Plan): RunKey[] {
  const runs = problems.map(findProblem).flatMap((problem) =>
    methods.map(findMethod).flatMap((method) => {
      const chosen = Object.hasOwn(method.options, 'lowerSteps') ? lowerSteps : [1];
      return chosen.map((steps): RunKey => ({ problem, method: method.name, lowerSteps: steps }));
    }),
  );
  return [...new Map(runs.map((run) => [nameOfRun(run), run])).values()];
}

function findProblem(name: string): ProblemName {
  const found = problemNames.find((known) => known === name);
  if (found === undefined) throw invalidArgument('problems', `names among ${problemNames.join(', ')}`, name);
  return found;
}

/** `P1-penalty-T5`: names the files of a run. */
export function nameOfRun({ problem, method, lowerSteps }: RunKey): string {
  return `${problem}-${method}-T${lowerSteps}`;
}

/** What the methods share, where they have it: Adam on both levels with the authors' learning rates. */
const shared = (lowerSteps: number): Readonly<Record<string, string | number>> => ({
  lowerSteps,
  linearSteps: lowerSteps,
  backwardSteps: lowerSteps,
  upperOptimizer: 'adam',
  lowerOptimizer: 'adam',
  upperLearningRate: 1e-3,
  lowerLearningRate: 1e-4,
  linearLearningRate: 1e-4,
  tikhonov: 1e-6,
});

const decay = 1 / 1.1;

/** What is particular to the methods of the paper. */
const particular: Readonly<Record<string, (lowerSteps: number) => Readonly<Record<string, string | number>>>> = {
  rmd: () => ({ variant: 'authors', upperOptimizer: 'sgd', lowerOptimizer: 'sgd' }),
  // The authors' loop on the linear system runs once more than that on v.
  approxGrad: (lowerSteps) => ({ linearSteps: lowerSteps + 1 }),
  penalty: () =>
    ({
      variant: 'authors',
      gamma: 1,
      gammaFactor: 1.1,
      epsilon: 1,
      epsilonFactor: decay,
      lambda: 10,
      lambdaFactor: decay,
      nu: 0,
      upperDecay: decay,
      lowerDecay: decay,
      growthLimit: 10_000,
    }) satisfies PenaltyOptions,
};

/** The options that a method is run with: of those shared the ones that its table takes, and its own. */
export function methodOptions(method: AnyMethod, lowerSteps: number): Readonly<Record<string, string | number>> {
  const taken = Object.entries(shared(lowerSteps)).filter(([key, value]) => {
    const option = method.options[key];
    return option !== undefined && (option.kind !== 'choice' || option.values.includes(String(value)));
  });
  return { ...Object.fromEntries(taken), ...particular[method.name]?.(lowerSteps) };
}
