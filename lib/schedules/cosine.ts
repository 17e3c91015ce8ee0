import { checkPeriod, type Schedule, schedule } from './schedule.js';

/** From `initial` at step 0 along half a cosine to `final` at step `steps` and after. */
export function cosine(initial: number, final: number, steps: number): Schedule {
  checkPeriod('cosine', 'steps', steps);
  return schedule(
    'cosine',
    { initial, final, steps },
    (step) => final + ((initial - final) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps))) / 2,
  );
}
