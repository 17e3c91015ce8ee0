import { isError } from '../../errors.js';
import type { RunPhase } from '../machine/phase.js';
import type { SolverState } from '../state.js';
import type { Place } from './check.js';
import { explain, remedyFor, type Surroundings } from './explain.js';
import { runningAway, tellGrowth } from './growth.js';
import { NonFiniteError, quantityOf } from './non-finite.js';
import { stepwise } from './stepwise.js';
import { tellTooFast } from './too-fast.js';

/**
 * Makes an iteration in which a value was not finite once more, one step after the other, and evaluates the first step
 * with such a value operation by operation.
 * @param rehearse makes the iteration from where it began, and leaves the state as it was
 * @throws an error that tells the cause; what happened on the way when none was found
 */
export async function search(
  { details }: NonFiniteError,
  place: Place,
  around: Surroundings,
  rehearse: (runPhase: RunPhase) => Promise<void>,
): Promise<never> {
  const { title, iteration } = place;
  let why = 'Made once more, one operation at a time, all of it was finite: the cause lies in the order of its sums.';
  let failure: unknown;
  try {
    await rehearse(async (phase, state, sources, options) => {
      for await (const finding of stepwise(phase, state, sources, options, around.device.memory)) {
        const explained = await explain(finding, state, around);
        if (explained === undefined) continue;
        const { step, steps, name, value } = finding;
        const found = { quantity: quantityOf(name), value, iteration, phase: phase.name, cause: explained.cause };
        throw new NonFiniteError(steps > 1 ? { ...found, step: step + 1 } : found, title, explained.text);
      }
    });
  } catch (error) {
    if (error instanceof NonFiniteError && error.details.cause !== undefined) throw error;
    if (!(error instanceof NonFiniteError)) {
      failure = error;
      why = `Its cause could not be looked for: ${isError(error) ? error.message : String(error)}`;
    }
  }
  throw new NonFiniteError(details, title, why, { cause: failure });
}

/** The error where the iteration cannot be made again: what can be seen of the state that it left. */
export async function beyondUndo(
  { details }: NonFiniteError,
  { title }: Place,
  { tensors }: SolverState,
  { levels, device, tooFast }: Surroundings,
): Promise<NonFiniteError> {
  const growths = await runningAway(levels, (binding) => tensors[binding], device.memory);
  const grown = growths.map(({ level }) => level);
  const fast = grown.length === 0 ? [] : ((await tooFast?.()) ?? []);
  const told = growths.length === 0 ? [] : [tellGrowth(growths), tellTooFast(fast), remedyFor(grown, fast)];
  const advice = 'Rows of samples had been changed by then, so go on from a state saved before.';
  return new NonFiniteError(details, title, [...told, advice].filter(Boolean).join(' '));
}
