import { invalidArgument } from '../../errors.js';
import { constant, div, greater, type Node, sqrt, square, where } from '../../graph/index.js';
import type { Tensor } from '../../tensor.js';
import { dotOfSlices, inUnits, scaled, spread } from '../vectors.js';
import { type Ball, type BallOptions, radialBall, stateBall } from './ball.js';
import { box } from './box.js';
import { projectToBoxedL2Ball } from './boxed-l2-ball.js';
import type { ConvexSet } from './set.js';

/** Options of {@link sets.l2Ball}. */
export interface L2BallOptions extends BallOptions {
  /**
   * The ends of a box that holds the centre, as of `box`: the set is then the part of the ball within it. All numbers
   * by default.
   */
  readonly within?: readonly [low: number, high: number] | undefined;
}

/**
 * { x : |x - center|_2 <= radius }, the norm taken over all elements, or the part of it in a box, whose projection is
 * that to both at once.
 * @throws INVALID_ARGUMENT, also for a center outside the box; UNKNOWN_OPTION; INVALID_DATA for a center that is not
 *   finite
 */
export function l2Ball(radius: number, options: L2BallOptions = {}): ConvexSet {
  const ball = stateBall('l2Ball', radius, options, ['within', 'byRow']);
  const { within, center } = options;
  if (within !== undefined) return boxedBall(ball, radius, within, center);
  const round = radialBall(ball, (offset, batchAxes) => {
    const { unit, parts } = inUnits([offset], radius, batchAxes);
    const squared = dotOfSlices(parts, parts, batchAxes);
    const outside = greater(squared, square(div(radius, unit)));
    // Inside, where the length may be 0, 1 stands for it: a root of 0 has no derivative.
    const factor = div(radius, sqrt(where(outside, squared, 1)));
    const [surface] = scaled(factor, parts) as [Node];
    return { outside: spread(outside, offset.shape.length), surface };
  });
  return Object.freeze<ConvexSet>({
    ...round,
    projectInBox: ([low, high]) => {
      if (typeof low !== 'number' || typeof high !== 'number' || !holds([low, high], center)) return undefined;
      return boxedProjection(ball, radius, [low, high]);
    },
  });
}

/** Whether a box holds the centre of a ball, 0 by default. */
function holds([low, high]: readonly [low: number, high: number], center: Tensor | undefined): boolean {
  const values = center?.toArray() ?? [0];
  return values.every((value) => Number(value) >= low && Number(value) <= high);
}

function boxedProjection(
  { center = constant(0), rowAxes }: Ball,
  radius: number,
  ends: readonly [low: number, high: number],
): ConvexSet['project'] {
  return (value, batchAxes) => projectToBoxedL2Ball(value, center, radius, ends, batchAxes + rowAxes);
}

function boxedBall(
  ball: Ball,
  radius: number,
  within: readonly [low: number, high: number],
  center: Tensor | undefined,
): ConvexSet {
  if (!Array.isArray(within)) throw invalidArgument('within of l2Ball', 'two numbers [low, high]', within);
  const [low, high] = within;
  const { description: inBox } = box(low, high);
  if (!holds(within, center)) {
    throw invalidArgument('within of l2Ball', 'a box that holds the center of the ball', within);
  }
  return Object.freeze<ConvexSet>({
    name: ball.name,
    description: `${ball.description} within ${inBox}`,
    rowwise: false,
    project: boxedProjection(ball, radius, within),
    check: ball.check,
  });
}
