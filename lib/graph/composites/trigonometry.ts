import {
  abs,
  add,
  cos,
  div,
  exp,
  greater,
  greaterEqual,
  log,
  mul,
  neg,
  sign,
  sin,
  sqrt,
  sub,
  tanh,
  where,
} from '../functions/elementwise.js';
import { constant } from '../functions/leaf.js';
import type { Node } from '../node.js';
import { square } from './activations.js';

/** Coefficients of the rational function of Moshier's Cephes library (atan.c), from the highest power down. */
const numerator = [
  -0.8750608600031904, -16.157537187333652, -75.00855792314705, -122.88666844901361, -64.85021904942025,
];
const denominator = [
  1, 24.858464901423062, 165.02700983169885, 432.88106049129027, 485.3903996359137, 194.5506571482614,
];

function polynomial(x: Node, coefficients: readonly number[]): Node {
  return coefficients
    .slice(1)
    .reduce<Node>((sum, coefficient) => add(mul(sum, x), coefficient), constant(coefficients[0] ?? 0));
}

const eighth = Math.tan((3 * Math.PI) / 8);

/**
 * The angle between -pi/2 and pi/2 whose tangent is x. An approximation with an error of 2e-16, whose derivatives are
 * as exact: near 0 a rational function, further out that of an argument turned by an eighth or a quarter of a circle.
 */
export function atan(x: Node): Node {
  const [side, size] = [sign(x), abs(x)];
  const [turned, inverted] = [greater(size, 0.66), greater(size, eighth)];
  // Branches that are not taken get harmless operands, or their derivatives would spoil those of the one that is.
  const middle = where(inverted, side, x);
  const rotated = div(sub(middle, side), add(mul(middle, side), 1));
  const near = where(inverted, div(-1, where(inverted, x, 1)), where(turned, rotated, x));
  const z = square(near);
  const core = add(mul(mul(near, z), div(polynomial(z, numerator), polynomial(z, denominator))), near);
  return add(mul(where(inverted, Math.PI / 2, where(turned, Math.PI / 4, 0)), side), core);
}

/** The angle between -pi/2 and pi/2 whose sine is x; NaN beyond -1 .. 1, with infinite derivatives at its ends. */
export function asin(x: Node): Node {
  return atan(div(x, sqrt(mul(sub(1, x), add(1, x)))));
}

/** The angle between 0 and pi whose cosine is x; NaN beyond -1 .. 1, with infinite derivatives at its ends. */
export function acos(x: Node): Node {
  return mul(atan(sqrt(div(sub(1, x), add(1, x)))), 2);
}

/** Tangent of an angle in radians. */
export function tan(x: Node): Node {
  return div(sin(x), cos(x));
}

/** (exp(x) + exp(-x)) / 2. */
export function cosh(x: Node): Node {
  return mul(add(exp(x), exp(neg(x))), 0.5);
}

/** (exp(x) - exp(-x)) / 2, without the cancellation of that near 0. */
export function sinh(x: Node): Node {
  return mul(tanh(x), cosh(x));
}

/** The number whose sinh is x. */
export function asinh(x: Node): Node {
  const positive = greaterEqual(x, 0);
  const size = where(positive, x, neg(x));
  const result = log(add(size, sqrt(add(square(x), 1))));
  return where(positive, result, neg(result));
}

/** The number of at least 0 whose cosh is x; NaN below 1, where its derivative is infinite. */
export function acosh(x: Node): Node {
  return log(add(x, sqrt(mul(sub(x, 1), add(x, 1)))));
}

/** The number whose tanh is x; NaN beyond -1 .. 1, infinite at its ends. */
export function atanh(x: Node): Node {
  return mul(log(div(add(1, x), sub(1, x))), 0.5);
}
