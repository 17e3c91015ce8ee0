import { BilevelError } from '../../errors.js';
import { type GivenOptions, type Options, type OptionTable, validateOptions } from '../../options.js';
import { findMethod } from '../../solvers/index.js';
import { seedsOption } from '../../study/index.js';
import type { AnyTask, ChosenSettings } from '../task.js';

/** How long a method may train: so many seconds, or so many evaluations of all four kinds together. */
export interface Budget {
  readonly unit: 'seconds' | 'evaluations';
  readonly amount: number;
}

/** A method with all its options, and the mini-batch that it sees of either set. */
export interface MethodRun {
  /** Of its settings: the method's own, or another one. */
  readonly name: string;
  readonly method: string;
  readonly batch: number;
  /** All options, and those that differ from the method's own defaults. */
  readonly options: Options<OptionTable>;
  readonly chosen: GivenOptions<OptionTable>;
  /** Where the settings come from. */
  readonly source: string;
}

/** Options of a comparison, whatever the task. */
export const comparisonOptions = (tasks: readonly string[]) =>
  ({
    task: { kind: 'choice', values: tasks, default: tasks[0] ?? '', text: 'Problem; its options are listed below.' },
    methods: {
      kind: 'text',
      default: '',
      text: 'Methods with commas between them (bilevel methods lists them); by default all that have settings of their own.',
    },
    seconds: { kind: 'number', above: 0, default: 60, text: 'Seconds of training for each method.' },
    evaluations: {
      kind: 'integer',
      min: 0,
      default: 0,
      text: 'Gradients and products for each method, in place of seconds where it is not 0.',
    },
    batch: { kind: 'integer', min: 0, default: 0, text: 'Mini-batch of every method; 0 for that of its settings.' },
    measurements: { kind: 'integer', min: 1, default: 40, text: 'How often points are judged in a run.' },
    seeds: seedsOption,
  }) as const satisfies OptionTable;

export interface ComparisonSettings {
  /** Of the task, with the first seed. */
  readonly task: { readonly seed: number };
  readonly budget: Budget;
  readonly runs: readonly MethodRun[];
  readonly measurements: number;
  readonly seeds: number;
}

/** @throws UNKNOWN_OPTION; INVALID_ARGUMENT, also for a method that there is not and for two budgets */
export function validateComparison(
  task: AnyTask,
  table: ReturnType<typeof comparisonOptions>,
  given: Readonly<Record<string, unknown>>,
): ComparisonSettings {
  const part = (keys: object): Record<string, unknown> =>
    Object.fromEntries(Object.entries(given).filter(([key]) => Object.hasOwn(keys, key)));
  const { methods, seconds, evaluations, batch, measurements, seeds } = validateOptions(table, part(table), 'compare');
  if (given.seconds !== undefined && evaluations > 0) {
    throw new BilevelError(
      'INVALID_ARGUMENT',
      'Expected seconds or evaluations as the budget of compare but received both.',
    );
  }
  const names = methods === '' ? comparedMethods(task) : methods.split(',').map((name) => name.trim());
  return {
    task: task.validate(Object.fromEntries(Object.entries(given).filter(([key]) => !Object.hasOwn(table, key)))),
    budget: evaluations > 0 ? { unit: 'evaluations', amount: evaluations } : { unit: 'seconds', amount: seconds },
    runs: [...new Set(names)].map((name) => methodRun(task, name, batch === 0 ? undefined : batch)),
    measurements,
    seeds,
  };
}

/** The methods that are compared unless others are asked for. */
export function comparedMethods({ methods }: Pick<AnyTask, 'methods'>): string[] {
  return Object.keys(methods).filter((name) => methods[name]?.method === undefined);
}

/**
 * The settings with which a method takes part.
 * @param batch in place of the method's own
 * @throws INVALID_ARGUMENT for a name that is no method's
 */
export function methodRun(task: Pick<AnyTask, 'methods' | 'batch'>, name: string, batch?: number): MethodRun {
  const usual: ChosenSettings = { batch: task.batch, options: {}, source: 'defaults of the method' };
  const { options, source, ...own } = task.methods[name] ?? usual;
  const method = findMethod(own.method ?? name);
  return {
    name,
    method: method.name,
    batch: batch ?? own.batch,
    options: method.validate(options),
    chosen: options,
    source: batch === undefined || batch === own.batch ? source : `${source}; other mini-batch`,
  };
}

/** Samples of a mini-batch, or `all`. */
export function describeBatch({ batch }: MethodRun, rows: number): string {
  return batch < rows ? String(batch) : 'all';
}
