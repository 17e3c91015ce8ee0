import { invalidArgument } from '../errors.js';

/** What a schedule can follow: f(u, v*) where it is found (`evaluateEvery`), or a number of every report. */
export const followable = ['response', 'f', 'g', 'lowerGradientNorm', 'hypergradientNorm'] as const;
/** What a plateau may follow. */
export type Followed = (typeof followable)[number];

/** How a schedule answers to what it follows. */
export interface Plateau {
  readonly factor: number;
  readonly patience: number;
  readonly of: Followed;
}

/**
 * A number that changes with a step counter: a pure function in float64. It is described by its name and parameters, so
 * that a configuration that holds one can be compared, printed and parsed: `geometric(0.01, 1.1)`.
 */
export interface Schedule {
  readonly name: string;
  readonly parameters: readonly (number | string)[];
  /** The value at step 0, 1, 2, ... */
  at(step: number): number;
  /** What it follows besides, and how; nothing by default. */
  readonly plateau?: Plateau;
}

/** A schedule of the given name; every parameter must be finite. @throws INVALID_ARGUMENT naming the parameter. */
export function schedule(name: string, given: Readonly<Record<string, number>>, at: Schedule['at']): Schedule {
  for (const [key, value] of Object.entries(given)) {
    if (!Number.isFinite(value)) throw invalidArgument(`${key} of the schedule ${name}`, 'a finite number', value);
  }
  return Object.freeze({ name, parameters: Object.freeze(Object.values(given)), at });
}

/** For a parameter that counts steps. @throws INVALID_ARGUMENT */
export function checkPeriod(name: string, parameter: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw invalidArgument(`${parameter} of the schedule ${name}`, 'a positive integer', value);
  }
}

/** `geometric(0.01, 1.1)`, the form that parseSchedule reads. */
export function formatSchedule({ name, parameters }: Schedule): string {
  return `${name}(${parameters.join(', ')})`;
}
