import { minus, type Oracles, type Pair, plusScaled, scaled, type Vector } from '../../bilevel/index.js';
import { div, greater, type Node, neg, stopGradient, where } from '../../graph/index.js';
import type { MethodBuilder } from '../machine/builder.js';

/**
 * grad_uv g w and grad_vv g w without second derivatives, by central differences along w over the distance `radius`
 * either way: grad g(u, v + eps w) - grad g(u, v - eps w) over 2 eps with eps = radius / |w|. Zero where w is. The
 * error is of order radius^2, and none where g is quadratic in v but for rounding, which grows as the radius shrinks.
 */
export function differenceProducts(b: MethodBuilder, o: Oracles, w: Vector, radius: number): Pair {
  const length = b.norm(w);
  const eps = div(radius, where(greater(length, 0), length, 1));
  const gradientAt = (distance: Node): Pair => {
    // What the point itself depends on is no part of the derivative.
    const v = plusScaled(o.v, distance, w).map(stopGradient);
    return o.at({ v }).gGradient();
  };
  const [ahead, behind] = [gradientAt(eps), gradientAt(neg(eps))];
  const overTwoEps = div(length, 2 * radius);
  return {
    u: scaled(overTwoEps, minus(ahead.u, behind.u)),
    v: scaled(overTwoEps, minus(ahead.v, behind.v)),
  };
}
