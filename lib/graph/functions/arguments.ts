import { invalidArgument } from '../../errors.js';

/**
 * A copy of a list, such as axes or sizes; what its entries may be is for the operation to check.
 * @throws INVALID_ARGUMENT
 */
export function list(values: readonly number[], parameter: string): readonly number[] {
  if (Array.isArray(values)) return Object.freeze([...values]);
  throw invalidArgument(parameter, 'a list of integers', values);
}

/** A copy of a list of [low, high] paddings. @throws INVALID_ARGUMENT naming the parameter */
export function paddings(
  values: readonly (readonly [low: number, high: number])[],
): readonly (readonly [number, number])[] {
  const isPair = (pair: unknown) => Array.isArray(pair) && pair.length === 2 && pair.every(Number.isSafeInteger);
  if (!Array.isArray(values) || !values.every(isPair)) {
    throw invalidArgument('padding', 'a list of [low, high], one for each spatial dimension', values);
  }
  return values.map(([low, high]) => [low, high]);
}
