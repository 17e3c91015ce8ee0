import { add, gradient, inner, type Node, stopGradient } from '../graph/index.js';
import type { BilevelProblem } from './problem.js';

/** First derivatives, and the second-order products that the methods are made of, as nodes of one graph. */
export interface Oracles {
  readonly u: readonly Node[];
  readonly v: readonly Node[];
  /** grad_v g */
  readonly lowerGradient: readonly Node[];
  /** grad_u and grad_v of f + <grad_v g, w> with w held constant: first derivatives of f, a JVP and an HVP of g. */
  lagrangianGradient(w: readonly Node[]): { readonly u: readonly Node[]; readonly v: readonly Node[] };
}

export function oracles({ upper, lower, f, g }: BilevelProblem): Oracles {
  const u = upper.map(({ value }) => value);
  const v = lower.map(({ value }) => value);
  const lowerGradient = gradient(g, v);
  return {
    u,
    v,
    lowerGradient,
    lagrangianGradient(w) {
      const gradients = gradient(add(f, inner(lowerGradient, w.map(stopGradient))), [...u, ...v]);
      return { u: gradients.slice(0, u.length), v: gradients.slice(u.length) };
    },
  };
}
