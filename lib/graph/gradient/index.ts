import { BilevelError, invalidArgument } from '../../errors.js';
import { formatType } from '../../tensor.js';
import { inner } from '../composites/products.js';
import { stopGradient } from '../functions/elementwise.js';
import { constant } from '../functions/leaf.js';
import { zeros } from '../functions/shape.js';
import { type Node, requireNode, requireNodes } from '../node.js';
import { withOrigin } from '../origin.js';
import { topologicalOrder } from '../traverse.js';
import { sumContributions } from './contributions.js';
import type { Rule } from './rule.js';
import { rules } from './rules.js';

function ruleOf(node: Node): Rule<unknown> | 'none' {
  return rules[node.op] as Rule<unknown> | 'none';
}

/** The nodes of `order` through which a change of one of `xs` reaches its users. */
function connected(order: readonly Node[], xs: ReadonlySet<Node>): ReadonlySet<Node> {
  const result = new Set<Node>();
  for (const node of order) {
    const passes =
      node.dtype === 'float32' && ruleOf(node) !== 'none' && node.inputs.some((input) => result.has(input));
    if (passes || xs.has(node)) result.add(node);
  }
  return result;
}

/** For every x whether a change of it reaches one of `ys` through operations that have a derivative. */
export function influences(xs: readonly Node[], ys: readonly Node[]): boolean[] {
  const order = topologicalOrder(ys);
  return xs.map((x) => {
    const path = connected(order, new Set([x]));
    return ys.some((y) => path.has(y));
  });
}

function requireReal(xs: readonly Node[]): void {
  const other = requireNodes(xs, 'xs').find((x) => x.dtype !== 'float32');
  if (other === undefined) return;
  throw new BilevelError(
    'NOT_DIFFERENTIABLE',
    `Expected float32 nodes to differentiate with respect to but received ${other.op} ${formatType(other)}.`,
  );
}

/**
 * The gradient of the float32 scalar y with respect to every x, each of the shape of its x, by reverse accumulation.
 * The result is graph like any other and can be differentiated again. A node of `xs` is a variable in itself: where y
 * depends on it through other nodes of `xs` the paths count too. Zeros where y does not depend on x.
 * @throws INVALID_ARGUMENT for what is no node; NOT_DIFFERENTIABLE when y is not a float32 scalar or an x is not
 *   float32.
 */
export function gradient(y: Node, xs: readonly Node[]): Node[] {
  requireNode(y, 'y');
  if (y.dtype !== 'float32' || y.shape.length !== 0) {
    throw new BilevelError(
      'NOT_DIFFERENTIABLE',
      `Expected a float32 scalar to differentiate but received ${y.op} ${formatType(y)}.`,
    );
  }
  requireReal(xs);
  // What was made before all of xs depends on none of them: the steps before the last one of many, say.
  const oldest = Math.min(...xs.map(({ id }) => id));
  const order = topologicalOrder([y], ({ id }) => id <= oldest);
  const path = connected(order, new Set(xs));
  const gradients = new Map<Node, Node>();
  const received = new Map<Node, [Node, ...Node[]]>();
  if (path.has(y)) received.set(y, [constant(1)]);

  function propagate(node: Node, dy: Node): void {
    const rule = ruleOf(node);
    const wanted = node.inputs.map((input) => path.has(input));
    if (rule === 'none' || !wanted.includes(true)) return;
    const contributions = rule(node, dy, wanted);
    for (const [index, input] of node.inputs.entries()) {
      const contribution = contributions[index];
      if (!wanted[index] || contribution === undefined) continue;
      const before = received.get(input);
      if (before === undefined) received.set(input, [contribution]);
      else before.push(contribution);
    }
  }

  for (const node of order.reverse()) {
    const parts = received.get(node);
    if (parts === undefined) continue;
    const origin = { kind: 'derivative', of: node } as const;
    withOrigin(
      () => origin,
      () => {
        const dy = sumContributions(parts);
        gradients.set(node, dy);
        propagate(node, dy);
      },
    );
  }
  return xs.map((x) => gradients.get(x) ?? zeros(x.shape));
}

function gradientAlong(gradients: readonly Node[], xs: readonly Node[], vectors: readonly Node[]): Node[] {
  if (requireNodes(gradients, 'gradients').length !== requireNodes(vectors, 'vectors').length) {
    throw invalidArgument('vectors', `a list of ${gradients.length} vectors, one for each gradient`, vectors);
  }
  return gradient(inner(gradients, vectors.map(stopGradient)), xs);
}

/**
 * Hessian-vector product: with `gradients` = grad_x f and `vectors` = p of the same shapes, H_xx p = grad_x <grad_x f,
 * p> where p is held fixed. `gradients` and `vectors` have one entry for each of `xs`.
 */
export function hessianVectorProduct(
  gradients: readonly Node[],
  xs: readonly Node[],
  vectors: readonly Node[],
): Node[] {
  if (requireNodes(gradients, 'gradients').length !== requireNodes(xs, 'xs').length) {
    throw invalidArgument('gradients', `a list of ${xs.length} gradients, one for each variable`, gradients);
  }
  return gradientAlong(gradients, xs, vectors);
}

/**
 * Mixed second derivative: with `lowerGradients` = grad_v g(u, v), `uppers` = u and `vectors` = p of the shapes of v,
 * the product (d grad_v g / du)' p = grad_u <grad_v g, p> where p is held fixed.
 */
export function mixedJacobianVectorProduct(
  lowerGradients: readonly Node[],
  uppers: readonly Node[],
  vectors: readonly Node[],
): Node[] {
  return gradientAlong(lowerGradients, uppers, vectors);
}
