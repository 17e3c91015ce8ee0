import { Random } from '../../../lib/data/random.js';
import { evaluate, gradient, type Node } from '../../../lib/graph/index.js';

export type Point = ReadonlyMap<Node, Float64Array>;

function moved(point: Point, direction: Point, distance: number): Point {
  return new Map(
    [...point].map(([node, values]) => {
      const along = direction.get(node);
      return [node, along === undefined ? values : values.map((value, i) => value + distance * Number(along[i]))];
    }),
  );
}

/**
 * The derivative of the scalar y along a direction by the 4-point formula, whose error falls with the 4th power of h.
 */
function difference(y: Node, point: Point, direction: Point, h: number): number {
  const at = (distance: number): number => Number(evaluate([y], moved(point, direction, distance))[0]?.[0]);
  return (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
}

function randomDirection(xs: readonly Node[], point: Point, random: Random): Point {
  return new Map(xs.map((x) => [x, Float64Array.from(point.get(x) ?? [], () => 2 * random.uniform() - 1)]));
}

export interface Comparison {
  /** Largest relative error over the directions that count. */
  readonly error: number;
  /** Directions that counted. */
  readonly accepted: number;
}

/**
 * Compares gradient(y, xs) with differences of y along random directions. A direction counts unless the differences
 * of two step widths disagree: then y has a kink between the points, and no difference is the derivative. Errors are
 * relative to the sum of |gradient| |direction|, and to |y| times the rounding of differences where the gradient
 * vanishes.
 */
export function compareGradient(y: Node, xs: readonly Node[], point: Point, seed: number, tries = 6): Comparison {
  const random = Random.fromSeed(seed, 'directions');
  const gradients = evaluate(gradient(y, xs), point);
  const scaleOfY = Math.abs(Number(evaluate([y], point)[0]?.[0]));
  let error = 0;
  let accepted = 0;
  for (let attempt = 0; attempt < tries; attempt++) {
    const direction = randomDirection(xs, point, random);
    let derivative = 0;
    let scale = 1e-3 * (1 + scaleOfY);
    xs.forEach((x, index) => {
      direction.get(x)?.forEach((along, i) => {
        const term = along * Number(gradients[index]?.[i]);
        derivative += term;
        scale += Math.abs(term);
      });
    });
    const wide = difference(y, point, direction, 1e-3);
    const narrow = difference(y, point, direction, 5e-4);
    if (Math.abs(wide - narrow) > 1e-6 * scale) continue;
    accepted++;
    const distance = Math.abs(narrow - derivative) / scale;
    if (!(distance <= error)) error = distance;
  }
  return { error, accepted };
}
