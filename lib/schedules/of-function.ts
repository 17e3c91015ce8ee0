import { createHash } from 'node:crypto';
import { invalidArgument } from '../errors.js';
import type { Schedule } from './schedule.js';

/** The value at step 0, 1, 2, ... */
export type ScheduleFunction = (step: number) => number;

/** A function as a schedule. Configurations know it by a digest of its text, which is all that can be compared. */
export function ofFunction(value: ScheduleFunction): Schedule {
  const digest = createHash('sha256').update(String(value)).digest('hex').slice(0, 8);
  return Object.freeze({
    name: `function#${digest}`,
    parameters: Object.freeze([]),
    at(step: number) {
      const found = value(step);
      if (Number.isFinite(found)) return found;
      throw invalidArgument(`what a schedule's function returns for step ${step}`, 'a finite number', found);
    },
  });
}
