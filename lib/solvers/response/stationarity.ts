import { minus, norm, type Variable, type Vector } from '../../bilevel/index.js';
import type { Node } from '../../graph/index.js';

/** Each variable's nearest point in its set. */
export function nearest(variables: readonly Variable[], trials: number | undefined, at: Vector): Vector {
  const batchAxes = trials === undefined ? 0 : 1;
  return at.map((node, index) => variables[index]?.set?.project(node, batchAxes) ?? node);
}

/**
 * |grad|, or where variables are kept in sets |v - P(v - grad)|: 0 at a minimum. With trials over all of them together.
 */
export function residual(variables: readonly Variable[], trials: number | undefined, at: Vector, along: Vector): Node {
  return norm(minus(at, nearest(variables, trials, minus(at, along))), undefined);
}
