import { invalidArgument } from '../../../errors.js';

/** Row of an option table for leaving the lower steps out of the derivative. */
export const firstOrderOption = {
  kind: 'boolean',
  default: false,
  text: 'Whether the steps are taken not to change the derivative: u moves along that of f where they end, without products.',
  source: 'Finn, Abbeel and Levine 2017, section 5.2',
} as const;

/** Row of an option table for how many of the lower steps are differentiated. */
export function backwardStepsOption(steps: number, source?: string) {
  return {
    kind: 'integer',
    min: 1,
    max: 1_000_000,
    default: steps,
    text: 'How many of the lower steps, counted from the last, are differentiated (K).',
    ...(source !== undefined && { source }),
  } as const;
}

/** Refuses more differentiated steps than there are. @throws INVALID_ARGUMENT */
export function checkBackwardSteps<O extends { readonly lowerSteps: number; readonly backwardSteps: number }>(
  method: string,
  options: O,
): O {
  const { lowerSteps, backwardSteps } = options;
  if (backwardSteps <= lowerSteps) return options;
  throw invalidArgument(
    `the option backwardSteps of ${method}`,
    `an integer of at most lowerSteps, which is ${lowerSteps}`,
    backwardSteps,
  );
}
