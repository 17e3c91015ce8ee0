import { invalidArgument } from '../errors.js';
import { constant } from './constant.js';
import { cosine } from './cosine.js';
import { geometric } from './geometric.js';
import { plateau } from './plateau.js';
import { polynomial } from './polynomial.js';
import { powerLaw } from './power-law.js';
import { followable, type Schedule } from './schedule.js';
import { shiftedPowerLaw } from './shifted-power-law.js';
import { stairs } from './stairs.js';

export { ofFunction, type ScheduleFunction } from './of-function.js';
export { type Followed, formatSchedule, type Plateau, type Schedule } from './schedule.js';
export { constant, cosine, geometric, plateau, polynomial, powerLaw, shiftedPowerLaw, stairs };

/** Every schedule by name. A new one is a file and a line here. */
export const schedules = {
  constant,
  cosine,
  geometric,
  plateau,
  polynomial,
  powerLaw,
  shiftedPowerLaw,
  stairs,
} as const;

/**
 * Reads a number (a constant) or the form that formatSchedule writes, such as `cosine(0.1, 0, 1000)`.
 * @throws INVALID_ARGUMENT naming `parameter`
 */
export function parseSchedule(text: string, parameter: string): Schedule {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return constant(value);
  const [, name = '', list = ''] = /^\s*(\w+)\s*\(([^()]*)\)\s*$/.exec(text) ?? [];
  const items = list.split(',').map((item) => item.trim());
  // What a plateau follows is a name, and may be left out.
  const of = name === 'plateau' ? followable.find((each) => each === items[3]) : undefined;
  const make: ((...parameters: number[]) => Schedule) | undefined =
    name === 'plateau'
      ? (initial = 0, factor = 0, patience = 0) => plateau(initial, factor, patience, of)
      : isScheduleName(name)
        ? (schedules[name] as (...parameters: number[]) => Schedule)
        : undefined;
  const parameters = (of === undefined ? items : items.slice(0, 3)).map((item) =>
    item === '' ? Number.NaN : Number(item),
  );
  const count = isScheduleName(name) ? schedules[name].length : 0;
  if (make === undefined || parameters.length !== count || !parameters.every(Number.isFinite)) {
    throw invalidArgument(parameter, `a number or one of ${Object.keys(schedules).join(', ')} with its numbers`, text);
  }
  return make(...parameters);
}

function isScheduleName(name: string): name is keyof typeof schedules {
  return Object.hasOwn(schedules, name);
}
