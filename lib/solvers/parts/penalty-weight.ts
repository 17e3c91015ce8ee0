import type { Schedule } from '../../schedules/index.js';
import { atIteration } from '../machine/builder.js';
import type { Rate } from '../machine/level.js';
import type { LevelSettings } from './level-options.js';

/** Row of an option table for the weight of a penalty. */
export function penaltyWeightOption(schedule: Schedule, source: string) {
  return {
    kind: 'schedule',
    min: 0,
    default: schedule,
    text: 'Weight gamma of the penalty, by iteration.',
    source,
  } as const;
}

/** The rates of both levels times min(1 / gamma, 1), which keeps steps on f + gamma p stable as gamma grows. */
export function penaltyRates({ gamma, upperLearningRate, lowerLearningRate }: LevelSettings & { gamma: Schedule }) {
  const rate =
    (schedule: Schedule): Rate =>
    (state) =>
      Math.min(1 / atIteration(gamma)(state), 1) * atIteration(schedule)(state);
  return { upper: rate(upperLearningRate), lower: rate(lowerLearningRate) };
}
