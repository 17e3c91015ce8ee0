import { input } from '../../graph/index.js';
import type { Schedule } from '../../schedules/index.js';
import { asOnG, atIteration, type MethodBuilder } from '../machine/builder.js';
import type { Iteration } from '../machine/iteration.js';
import { assign, type Level } from '../machine/level.js';
import type { Phase } from '../machine/phase.js';
import { type LevelSettings, movesOf } from './level-options.js';

/**
 * The lower variables once more, in their sets and from their start, moved by v's optimizer.
 * @param rateOption the option that holds their rate
 */
export function lowerCopy<Name extends string>(
  b: MethodBuilder,
  name: string,
  settings: LevelSettings & Readonly<Record<Name, Schedule>>,
  rateOption: Name,
): Level {
  const variables = b.lowerVariables.map((variable) => {
    const value = input(`${name}/${variable.name}`, variable.value.shape);
    return { ...variable, whole: value, value };
  });
  return b.level(name, variables, {
    optimizer: settings.lowerOptimizer,
    rate: atIteration(settings[rateOption]),
    rateOption,
    settings,
    moves: movesOf(settings, 'lower'),
    bound: asOnG,
  });
}

/** One step of a copy along grad_v g. */
export function copyDescent(b: MethodBuilder, copy: Level): Phase {
  return b.phase('copy', (o) => ({ updates: copy.step(o.at({ v: copy.nodes }).lowerGradient()) }));
}

/** What puts a copy where v is, its optimizer as at the start. */
export function copyStart(b: MethodBuilder, copy: Level, lower: Level): (iteration: Iteration) => Promise<void> {
  const start = b.phase('copyStart', () => ({ updates: assign(copy.nodes, lower.nodes) }));
  return async (iteration) => {
    iteration.restart(copy);
    await iteration.run(start);
  };
}
