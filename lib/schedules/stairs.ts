import { checkPeriod, type Schedule, schedule } from './schedule.js';

/** initial * factor^floor(step / period): the value drops once every `period` steps. */
export function stairs(initial: number, factor: number, period: number): Schedule {
  checkPeriod('stairs', 'period', period);
  return schedule('stairs', { initial, factor, period }, (step) => initial * factor ** Math.floor(step / period));
}
