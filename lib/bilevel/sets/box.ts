import { invalidArgument } from '../../errors.js';
import { clip } from '../../graph/index.js';
import type { ConvexSet } from './set.js';

/**
 * { x : low <= x_i <= high for every element }. Either end may be infinite. At an end itself the derivative of the
 * projection is 1.
 * @throws INVALID_ARGUMENT unless some float32 number lies between the ends
 */
export function box(low: number, high: number): ConvexSet {
  const isPair = typeof low === 'number' && typeof high === 'number' && low <= high;
  if (!isPair || Math.fround(low) === Infinity || Math.fround(high) === -Infinity) {
    throw invalidArgument('the ends of box', 'numbers low <= high with a float32 number between', [low, high]);
  }
  return Object.freeze<ConvexSet>({
    name: 'box',
    description: `box(${low}, ${high})`,
    rowwise: true,
    ends: [low, high],
    project: (value) => clip(value, low, high),
    check: () => undefined,
  });
}
