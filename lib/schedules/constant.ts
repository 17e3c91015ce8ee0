import { type Schedule, schedule } from './schedule.js';

/** The same value at every step. */
export function constant(value: number): Schedule {
  return schedule('constant', { value }, () => value);
}
