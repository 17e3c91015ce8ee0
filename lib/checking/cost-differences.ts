import { constant, evaluate, inner, type Node } from '../graph/index.js';
import { type CheckProgress, compareWithDifferences, type DifferenceResult, moveAside } from './differences.js';
import type { CostName, Quantities } from './quantities.js';

/** Compares the derivatives of a network's costs with central differences at a point near `feeds`. */
export function compareCosts(
  { costs, values }: Quantities,
  feeds: ReadonlyMap<Node, Float64Array>,
  onProgress: CheckProgress,
): ReadonlyMap<CostName, DifferenceResult> {
  if (costs === undefined) return new Map();
  const { f, g, penalty, lowerGradient, q, v, u } = costs;
  const [us, vs] = [[u], v.map(({ node }) => node)];
  const near = moveAside(feeds, [...vs, ...us]);
  // q is held constant where <grad_v g, q> is differentiated.
  const stoppedQ = evaluate(q, near).map((data, index) => constant(data, q[index]?.shape ?? []));
  const slope = inner(lowerGradient, stoppedQ);
  const stated: readonly (readonly [CostName, Node, readonly Node[]])[] = [
    ['grad_u_g', g, us],
    ['hvp_u', slope, us],
    ['penalty_grad_u', penalty, us],
    ['grad_v_f', f, vs],
    ['grad_v_g', g, vs],
    ['hvp_v', slope, vs],
    ['penalty_grad_v', penalty, vs],
  ];
  const derived = stated.map(([name, scalar, by]) => ({ name, scalar, derivative: values.get(name) ?? [], by }));
  return compareWithDifferences(derived, near, onProgress);
}
