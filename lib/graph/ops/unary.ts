import type { DType } from '../../tensor.js';
import * as f from '../functions/elementwise.js';
import type { Node } from '../node.js';
import type { NoAttributes, Op } from '../op.js';
import { one, requireDType } from './infer.js';
import * as numbers from './numbers.js';

/** The gradient with respect to x, given the gradient dy with respect to the op's value y. */
type Rule = (dy: Node, x: Node, y: Node) => Node;

function elementwise(allowed: readonly DType[], of: (x: number) => number, rule: Rule | 'none'): Op<NoAttributes> {
  return {
    infer(inputs) {
      const x = one(inputs);
      requireDType(x, allowed);
      return { dtype: x.dtype, shape: x.shape };
    },
    evaluate: (inputs, _attributes, { dtype }) => one(inputs).data.map((x) => numbers.convert(of(x), dtype)),
    gradient: rule === 'none' ? 'none' : (node, dy) => [rule(dy, one(node.inputs), node)],
  };
}

function numeric(of: (x: number) => number, rule: Rule | 'none'): Op<NoAttributes> {
  return elementwise(['float32', 'int32', 'int64'], of, rule);
}

function real(of: (x: number) => number, rule: Rule | 'none'): Op<NoAttributes> {
  return elementwise(['float32'], of, rule);
}

export const neg = numeric(
  (x) => -x,
  (dy) => f.neg(dy),
);
/** Its derivative at 0 is 0. */
export const abs = numeric(Math.abs, (dy, x) => f.mul(dy, f.sign(x)));
export const sign = numeric(Math.sign, 'none');

export const exp = real(Math.exp, (dy, _x, y) => f.mul(dy, y));
export const log = real(Math.log, (dy, x) => f.div(dy, x));
export const sqrt = real(Math.sqrt, (dy, _x, y) => f.div(f.mul(dy, 0.5), y));
export const tanh = real(Math.tanh, (dy, _x, y) => f.mul(dy, f.sub(1, f.mul(y, y))));
export const sigmoid = real(numbers.sigmoid, (dy, _x, y) => f.mul(dy, f.mul(y, f.sub(1, y))));
/** erf'(x) = 2/sqrt(pi) exp(-x^2). */
export const erf = real(numbers.erf, (dy, x) => f.mul(dy, f.mul(2 / Math.sqrt(Math.PI), f.exp(f.neg(f.mul(x, x))))));
/** Its derivative at 0 is 0. */
export const relu = real(
  (x) => (x > 0 || Number.isNaN(x) ? x : 0),
  (dy, _x, y) => f.where(f.greater(y, 0), dy, 0),
);
/** log(1 + exp(x)), written so that large x neither overflow nor lose digits. */
export const softplus = real(numbers.softplus, (dy, x) => f.mul(dy, f.sigmoid(x)));
export const sin = real(Math.sin, (dy, x) => f.mul(dy, f.cos(x)));
export const cos = real(Math.cos, (dy, x) => f.neg(f.mul(dy, f.sin(x))));
export const floor = real(Math.floor, 'none');
export const ceil = real(Math.ceil, 'none');
/** To the nearest integer, ties to even. */
export const round = real(numbers.roundHalfToEven, 'none');

export const not = elementwise(['bool'], (x) => 1 - x, 'none');

/** The value itself, seen as a constant by derivatives. */
export const stopGradient = elementwise(['float32', 'int32', 'int64', 'bool'], (x) => x, 'none');

export interface CastAttributes {
  readonly dtype: DType;
}

/**
 * Conversion of every element: to bool, non-zero gives 1; to an integer, truncation towards zero. Only float32 values
 * carry gradients, so the rule is reached for a cast of float32 to itself alone.
 */
export const cast: Op<CastAttributes> = {
  infer: (inputs, { dtype }) => ({ dtype, shape: one(inputs).shape }),
  evaluate: (inputs, { dtype }) => one(inputs).data.map((x) => numbers.convert(x, dtype)),
  gradient: (_node, dy) => [dy],
};
