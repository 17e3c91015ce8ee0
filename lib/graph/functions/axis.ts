import { invalidArgument } from '../../errors.js';

/** An axis counted from 0; a negative one is counted from the end. */
export function normalizeAxis(axis: number, rank: number): number {
  const normalized = Number.isInteger(axis) && axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(normalized) || normalized < 0 || normalized >= rank) {
    throw invalidArgument(
      'axis',
      `an axis of a tensor with ${rank} dimension(s), counted from 0 or, negative, from the end`,
      axis,
    );
  }
  return normalized;
}
