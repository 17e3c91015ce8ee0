import { add, clip, sub } from '../../graph/index.js';
import { type CenterOptions, stateBall } from './ball.js';
import type { ConvexSet } from './set.js';

/**
 * { x : |x_i - center_i| <= radius for every element }: a box around the center.
 * @throws INVALID_ARGUMENT, UNKNOWN_OPTION; INVALID_DATA for a center that is not finite
 */
export function linfBall(radius: number, options: CenterOptions = {}): ConvexSet {
  const { name, description, check, center } = stateBall('linfBall', radius, options);
  const [low, high] = center === undefined ? [-radius, radius] : [sub(center, radius), add(center, radius)];
  return Object.freeze<ConvexSet>({
    name,
    description,
    rowwise: center === undefined,
    project: (value) => clip(value, low, high),
    check,
  });
}
