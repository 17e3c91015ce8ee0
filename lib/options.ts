import { checkKeys, invalidArgument, isRecord } from './errors.js';
import {
  constant,
  formatSchedule,
  ofFunction,
  parseSchedule,
  type Schedule,
  type ScheduleFunction,
} from './schedules/index.js';

/**
 * Option tables: one record per method that states each option's kind, range, default and meaning once. Validation, the
 * types of the validated record, the command line's flags and its help all derive from the table.
 */

interface Described {
  /** What the option does, one sentence. */
  readonly text: string;
  /** Where the default comes from: paper and place. */
  readonly source?: string;
}

interface Bounded {
  /** Smallest and largest value allowed. */
  readonly min?: number;
  readonly max?: number;
  /** Value that must be exceeded. */
  readonly above?: number;
  /** Value that must not be reached. */
  readonly below?: number;
}

export interface NumberOption extends Described, Bounded {
  readonly kind: 'number';
  readonly default: number;
}

export interface IntegerOption extends Described, Bounded {
  readonly kind: 'integer';
  readonly default: number;
}

export interface BooleanOption extends Described {
  readonly kind: 'boolean';
  readonly default: boolean;
}

export interface ChoiceOption extends Described {
  readonly kind: 'choice';
  readonly values: readonly string[];
  readonly default: string;
}

/** A number that changes with a step counter: a schedule, a number or a function, whose value at step 0 is bounded. */
export interface ScheduleOption extends Described, Bounded {
  readonly kind: 'schedule';
  readonly default: Schedule;
}

/** Numbers by names of variables, in which `*` stands for any text. */
export type Factors = Readonly<Record<string, number>>;

export interface FactorsOption extends Described {
  readonly kind: 'factors';
  readonly default: Factors;
}

export interface TextOption extends Described {
  readonly kind: 'text';
  readonly default: string;
}

export type Option =
  | NumberOption
  | IntegerOption
  | BooleanOption
  | ChoiceOption
  | ScheduleOption
  | FactorsOption
  | TextOption;
export type OptionTable = Readonly<Record<string, Option>>;

type Valid<O extends Option> = O extends NumberOption | IntegerOption
  ? number
  : O extends BooleanOption
    ? boolean
    : O extends ChoiceOption
      ? O['values'][number]
      : O extends ScheduleOption
        ? Schedule
        : O extends FactorsOption
          ? Factors
          : string;

/** The validated record of a table: every option is present. */
export type Options<T extends OptionTable> = { readonly [K in keyof T]: Valid<T[K]> };

type InPlaceOfSchedule<O extends Option> = O extends ScheduleOption ? number | ScheduleFunction : never;

/** What a caller may give for a table: any subset; a schedule also as a number or a function. */
export type GivenOptions<T extends OptionTable> = {
  readonly [K in keyof T]?: Valid<T[K]> | InPlaceOfSchedule<T[K]> | undefined;
};

/**
 * Checks the given options against the table and fills in the defaults.
 * @param where what the options belong to, for messages: `penalty`
 * @returns a frozen record with every option of the table
 * @throws UNKNOWN_OPTION with the nearest name; INVALID_ARGUMENT naming the option, what was expected and received
 */
export function validateOptions<T extends OptionTable>(table: T, given: GivenOptions<T>, where: string): Options<T> {
  checkKeys(given, Object.keys(table), where);
  const entries = Object.entries(table).map(([key, option]) => {
    const value: unknown = given[key];
    return [key, value === undefined ? option.default : checkOption(option, value, `the option ${key} of ${where}`)];
  });
  return Object.freeze(Object.fromEntries(entries)) as Options<T>;
}

/** The options that have a value: with them a record of other defaults can be overridden. */
export function definedOnly<T extends object>(given: T): T {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as T;
}

/**
 * Reads an option's value from text, as the command line and files give it.
 * @throws INVALID_ARGUMENT naming `parameter`
 */
export function parseOption(option: Option, text: string, parameter: string): unknown {
  switch (option.kind) {
    case 'number':
    case 'integer': {
      const value = text.trim() === '' ? Number.NaN : Number(text);
      return checkOption(option, Number.isNaN(value) ? text : value, parameter);
    }
    case 'boolean':
      return checkOption(option, text === 'true' ? true : text === 'false' ? false : text, parameter);
    case 'schedule':
      return checkOption(option, parseSchedule(text, parameter), parameter);
    case 'factors':
      return checkOption(option, parseJson(text), parameter);
    case 'choice':
    case 'text':
      return checkOption(option, text, parameter);
  }
}

/** A number, text, schedule or record as it is typed. */
export function valueText(value: unknown): string {
  if (typeof value !== 'object') return String(value);
  return isSchedule(value) ? formatSchedule(value).replace(/^constant\((.*)\)$/, '$1') : JSON.stringify(value);
}

/** What JSON stands for; the text itself where it is none. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Options as plain JSON, numbers and schedules as they are typed. */
export function plainOptions(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, typeof value === 'object' ? valueText(value) : value]),
  );
}

/** What values an option takes: `a number > 0`, `one of sgd, adam`. */
export function describeOption(option: Option): string {
  switch (option.kind) {
    case 'number':
      return `a finite number${describeBounds(option)}`;
    case 'integer':
      return `an integer${describeBounds(option)}`;
    case 'boolean':
      return 'true or false';
    case 'choice':
      return `one of ${option.values.join(', ')}`;
    case 'schedule':
      return `a number${describeBounds(option)} or a schedule that starts at one`;
    case 'factors':
      return 'an object of numbers >= 0 by names of variables';
    case 'text':
      return 'a text';
  }
}

function checkOption(option: Option, value: unknown, parameter: string): unknown {
  const checked = option.kind === 'schedule' ? asSchedule(value) : value;
  if (!isValid(option, checked)) throw invalidArgument(parameter, describeOption(option), value);
  return option.kind === 'factors' ? Object.freeze({ ...(checked as Factors) }) : checked;
}

/** A number or a function as a schedule; anything else as it is. */
function asSchedule(value: unknown): unknown {
  if (typeof value === 'function') return ofFunction(value as ScheduleFunction);
  return Number.isFinite(value) ? constant(Number(value)) : value;
}

function isValid(option: Option, value: unknown): boolean {
  switch (option.kind) {
    case 'number':
      return Number.isFinite(value) && isWithin(option, Number(value));
    case 'integer':
      return Number.isSafeInteger(value) && isWithin(option, Number(value));
    case 'boolean':
      return typeof value === 'boolean';
    case 'choice':
      return typeof value === 'string' && option.values.includes(value);
    case 'schedule':
      return isSchedule(value) && isWithin(option, value.at(0));
    case 'factors':
      return isRecord(value) && Object.values(value).every((each) => Number.isFinite(each) && Number(each) >= 0);
    case 'text':
      return typeof value === 'string';
  }
}

export function isSchedule(value: unknown): value is Schedule {
  return typeof value === 'object' && value !== null && 'at' in value && typeof value.at === 'function';
}

function isWithin({ min, max, above, below }: Bounded, value: number): boolean {
  return (
    (min === undefined || value >= min) &&
    (max === undefined || value <= max) &&
    (above === undefined || value > above) &&
    (below === undefined || value < below)
  );
}

function describeBounds({ min, max, above, below }: Bounded): string {
  const bounds = [
    min === undefined ? '' : `>= ${min}`,
    above === undefined ? '' : `> ${above}`,
    max === undefined ? '' : `<= ${max}`,
    below === undefined ? '' : `< ${below}`,
  ].filter((text) => text !== '');
  return bounds.length === 0 ? '' : ` ${bounds.join(' and ')}`;
}
