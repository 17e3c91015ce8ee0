import { checkPeriod, type Schedule, schedule } from './schedule.js';

/**
 * From `initial` at step 0 to `final` at step `steps` and after: final + (initial - final) (1 - step / steps)^power.
 */
export function polynomial(initial: number, final: number, steps: number, power: number): Schedule {
  checkPeriod('polynomial', 'steps', steps);
  return schedule(
    'polynomial',
    { initial, final, steps, power },
    (step) => final + (initial - final) * (1 - Math.min(step, steps) / steps) ** power,
  );
}
