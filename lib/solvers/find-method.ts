import { adviseName, BilevelError, describe } from '../errors.js';
import type { OptionTable } from '../options.js';
import type { Method } from './method.js';
import * as all from './methods/index.js';

/** A method of which no more is known than its name: its options are checked when it is called. */
export type AnyMethod = Method<OptionTable, object>;

// Each method takes options of its own type; whoever picks one by a text gives a record, which the method itself
// checks.
const byName: Readonly<Record<string, AnyMethod>> = { ...all } as object as Record<string, AnyMethod>;

/** Names of all bilevel methods, in alphabetic order. */
export const methodNames: readonly string[] = Object.keys(byName).toSorted();

/** @throws INVALID_ARGUMENT with the nearest name when there is no such method */
export function findMethod(name: string): AnyMethod {
  const method = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (method !== undefined) return method;
  throw new BilevelError('INVALID_ARGUMENT', `There is no method ${describe(name)}. ${adviseName(name, methodNames)}`);
}
