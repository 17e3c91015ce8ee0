import * as f from '../functions/elementwise.js';
import type { Node } from '../node.js';
import { one } from '../ops/infer.js';
import type { Rule } from './rule.js';

/** Of the gradient with respect to x, given the gradient dy with respect to the op's value y. */
function elementwise(of: (dy: Node, x: Node, y: Node) => Node): Rule<unknown> {
  return (node, dy) => [of(dy, one(node.inputs), node)];
}

export const neg = elementwise((dy) => f.neg(dy));
/** 0 at 0. */
export const abs = elementwise((dy, x) => f.mul(dy, f.sign(x)));
export const exp = elementwise((dy, _x, y) => f.mul(dy, y));
export const log = elementwise((dy, x) => f.div(dy, x));
export const sqrt = elementwise((dy, _x, y) => f.div(f.mul(dy, 0.5), y));
export const tanh = elementwise((dy, _x, y) => f.mul(dy, f.sub(1, f.mul(y, y))));
export const sigmoid = elementwise((dy, _x, y) => f.mul(dy, f.mul(y, f.sub(1, y))));
/** erf'(x) = 2/sqrt(pi) exp(-x^2). */
export const erf = elementwise((dy, x) => f.mul(dy, f.mul(2 / Math.sqrt(Math.PI), f.exp(f.neg(f.mul(x, x))))));
/** 0 at 0. */
export const relu = elementwise((dy, _x, y) => f.where(f.greater(y, 0), dy, 0));
export const softplus = elementwise((dy, x) => f.mul(dy, f.sigmoid(x)));
export const sin = elementwise((dy, x) => f.mul(dy, f.cos(x)));
export const cos = elementwise((dy, x) => f.neg(f.mul(dy, f.sin(x))));
/** Only float32 values carry gradients, so this is reached for a cast of float32 to itself alone. */
export const cast = elementwise((dy) => dy);
