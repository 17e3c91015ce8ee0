import { type BilevelProblem, bilevelProblem, type ConvexSet } from '../../../lib/bilevel/index.js';
import {
  add,
  constant,
  matmul,
  type Node,
  reduceSum,
  reshape,
  square,
  sub,
  transpose,
} from '../../../lib/graph/index.js';
import { Tensor } from '../../../lib/tensor.js';

export interface Start {
  readonly u: readonly number[];
  readonly v: readonly number[];
  readonly sets?: { readonly upper?: { readonly u?: ConvexSet }; readonly lower?: { readonly v?: ConvexSet } };
}

type Cost = (u: Node, v: Node) => Node;

const norm2 = (x: Node): Node => reduceSum(square(x));
const rest: Cost = (u, v) => sub(sub(1, u), v);

function quadratic(f: Cost, g: Cost, { u, v, sets = {} }: Start): BilevelProblem {
  return bilevelProblem({
    upper: { u: Tensor.from(u) },
    lower: { v: Tensor.from(v) },
    f: (point) => f(point.u.u, point.v.v),
    g: (point) => g(point.u.u, point.v.v),
    sets,
  });
}

/** |A x|^2 for a matrix A given by its rows. */
function seminorm2(rows: readonly (readonly number[])[]): (x: Node) => Node {
  const transposed = transpose(constant(rows.flat(), [rows.length, rows[0]?.length ?? 0]));
  return (x) => norm2(matmul(reshape(x, [1, ...x.shape]), transposed));
}

/**
 * The quadratic problems of Mehra and Hamm 2021, section 3.1, whose solutions are known in closed form. P3 and P4, with
 * a matrix A of fewer rows than columns, have a singular lower level.
 */

/** f = |u|^2 + |v|^2, g = |1 - u - v|^2; solution u = v = 1/2 with multipliers -1/2. */
export const p1 = (start: Start): BilevelProblem =>
  quadratic(
    (u, v) => add(norm2(u), norm2(v)),
    (u, v) => norm2(rest(u, v)),
    start,
  );

/** f = |v|^2 - |u - v|^2, g = |u - v|^2; solution 0, and the penalty function is convex from gamma = 1/2. */
export const p2 = (start: Start): BilevelProblem =>
  quadratic(
    (u, v) => sub(norm2(v), norm2(sub(u, v))),
    (u, v) => norm2(sub(u, v)),
    start,
  );

/** f = |u|^2 + |v|^2, g = |A (1 - u - v)|^2; in the row space of A as P1, 0 in its null space. */
export function p3(matrix: readonly (readonly number[])[], start: Start): BilevelProblem {
  const g = seminorm2(matrix);
  return quadratic(
    (u, v) => add(norm2(u), norm2(v)),
    (u, v) => g(rest(u, v)),
    start,
  );
}

/** f = |v|^2 - |A (u - v)|^2, g = |A (u - v)|^2; solution v = 0 and u in the null space of A. */
export function p4(matrix: readonly (readonly number[])[], start: Start): BilevelProblem {
  const g = seminorm2(matrix);
  return quadratic(
    (u, v) => sub(norm2(v), g(sub(u, v))),
    (u, v) => g(sub(u, v)),
    start,
  );
}
