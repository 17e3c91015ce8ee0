import { invalidArgument } from '../errors.js';
import { checkPeriod, type Followed, followable, type Schedule, schedule } from './schedule.js';

/**
 * `initial`, times `factor` (between 0 and 1) whenever `patience` values in a row of what it follows were not lower
 * than the lowest before by a part of 1e-4, as ReduceLROnPlateau of PyTorch has it; the count then begins anew. It
 * follows f(u, v*), `'response'`, by default, which `evaluateEvery` has to ask for, or `'f'`, `'g'`,
 * `'lowerGradientNorm'` or `'hypergradientNorm'` of the reports. For learning rates alone; how often it has been
 * reduced is part of a state.
 * @throws INVALID_ARGUMENT naming the parameter
 */
export function plateau(initial: number, factor: number, patience: number, of: Followed = 'response'): Schedule {
  const { name, at } = schedule('plateau', { initial, factor, patience }, () => initial);
  checkPeriod('plateau', 'patience', patience);
  if (!(factor > 0 && factor < 1))
    throw invalidArgument('factor of the schedule plateau', 'a number > 0 and < 1', factor);
  if (!followable.includes(of))
    throw invalidArgument('of of the schedule plateau', `one of ${followable.join(', ')}`, of);
  const parameters = Object.freeze([initial, factor, patience, of]);
  return Object.freeze({ name, parameters, at, plateau: Object.freeze({ factor, patience, of }) });
}
