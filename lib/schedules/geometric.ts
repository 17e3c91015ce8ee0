import { type Schedule, schedule } from './schedule.js';

/** initial * factor^step: gamma (factor 1.1), epsilon and lambda (0.9) of the penalty method. */
export function geometric(initial: number, factor: number): Schedule {
  return schedule('geometric', { initial, factor }, (step) => initial * factor ** step);
}
