import { invalidArgument } from '../errors.js';
import * as all from './all.js';
import { followable, type Schedule } from './schedule.js';

export * from './all.js';
/** Every schedule by name. */
export * as schedules from './all.js';
export { ofFunction, type ScheduleFunction } from './of-function.js';
export { type Followed, formatSchedule, type Plateau, type Schedule } from './schedule.js';

const byName = { ...all };

/**
 * Reads a number (a constant) or the form that formatSchedule writes, such as `cosine(0.1, 0, 1000)`.
 * @throws INVALID_ARGUMENT naming `parameter`
 */
export function parseSchedule(text: string, parameter: string): Schedule {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return all.constant(value);
  const [, name = '', list = ''] = /^\s*(\w+)\s*\(([^()]*)\)\s*$/.exec(text) ?? [];
  const items = list.split(',').map((item) => item.trim());
  // What a plateau follows is a name, and may be left out.
  const of = name === 'plateau' ? followable.find((each) => each === items[3]) : undefined;
  const make: ((...parameters: number[]) => Schedule) | undefined =
    name === 'plateau'
      ? (initial = 0, factor = 0, patience = 0) => all.plateau(initial, factor, patience, of)
      : isScheduleName(name)
        ? (byName[name] as (...parameters: number[]) => Schedule)
        : undefined;
  const parameters = (of === undefined ? items : items.slice(0, 3)).map((item) =>
    item === '' ? Number.NaN : Number(item),
  );
  const count = isScheduleName(name) ? byName[name].length : 0;
  if (make === undefined || parameters.length !== count || !parameters.every(Number.isFinite)) {
    throw invalidArgument(parameter, `a number or one of ${Object.keys(byName).join(', ')} with its numbers`, text);
  }
  return make(...parameters);
}

function isScheduleName(name: string): name is keyof typeof byName {
  return Object.hasOwn(byName, name);
}
