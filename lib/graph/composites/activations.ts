import {
  add,
  div,
  erf,
  exp,
  greater,
  maximum,
  minimum,
  mul,
  sigmoid,
  softplus,
  sub,
  tanh,
  where,
} from '../functions/elementwise.js';
import type { Node, Operand } from '../node.js';

/** x x. */
export function square(x: Node): Node {
  return mul(x, x);
}

/** 1 / x. */
export function reciprocal(x: Node): Node {
  return div(1, x);
}

/** x limited to low .. high; at a limit itself the derivative is that of x. */
export function clip(x: Node, low: Operand = -Infinity, high: Operand = Infinity): Node {
  const above = low === -Infinity ? x : maximum(x, low);
  return high === Infinity ? above : minimum(above, high);
}

/** x where positive, else slope * x. */
export function leakyRelu(x: Node, slope: Operand = 0.01): Node {
  return where(greater(x, 0), x, mul(x, slope));
}

/** x where positive, else alpha (exp(x) - 1). */
export function elu(x: Node, alpha = 1): Node {
  // The exponent is limited so that the branch that is not taken cannot overflow into 0 * infinity.
  return where(greater(x, 0), x, mul(sub(exp(minimum(x, 0)), 1), alpha));
}

/** Klambauer et al., "Self-normalizing neural networks", 2017: gamma elu(x, alpha) with its fixed point's constants. */
export function selu(x: Node, alpha = 1.6732632423543772, gamma = 1.0507009873554805): Node {
  return mul(elu(x, alpha), gamma);
}

/** x Phi(x) with the normal distribution function Phi, exact by erf or by the usual tanh formula. */
export function gelu(x: Node, approximate: 'none' | 'tanh' = 'none'): Node {
  const sum =
    approximate === 'none'
      ? erf(mul(x, Math.SQRT1_2))
      : tanh(mul(mul(x, add(mul(square(x), 0.044715), 1)), Math.sqrt(2 / Math.PI)));
  return mul(mul(x, 0.5), add(sum, 1));
}

/** x sigmoid(x), also called swish. */
export function silu(x: Node): Node {
  return mul(x, sigmoid(x));
}

/** x tanh(softplus(x)). */
export function mish(x: Node): Node {
  return mul(x, tanh(softplus(x)));
}

/** alpha x + beta limited to 0 .. 1. */
export function hardSigmoid(x: Node, alpha = 0.2, beta = 0.5): Node {
  return clip(add(mul(x, alpha), beta), 0, 1);
}

/** x hardSigmoid(x, 1/6, 1/2). */
export function hardSwish(x: Node): Node {
  return mul(x, hardSigmoid(x, 1 / 6, 0.5));
}
