import type { Node } from '../../graph/index.js';
import * as g from '../../graph/index.js';
import type { Operation, OperatorImporter } from '../operation.js';

function unary(build: (x: Node) => Node): OperatorImporter {
  return { build: (op) => build(op.input(0)) };
}

function binary(build: (a: Node, b: Node) => Node): OperatorImporter {
  return { build: (op) => build(op.input(0), op.input(1)) };
}

function comparison(build: (a: Node, b: Node) => Node): OperatorImporter {
  return { ...binary(build), constantAlmostEverywhere: true };
}

/** Operators that take any number of inputs, combined from left to right. */
function variadic(combine: (a: Node, b: Node) => Node): OperatorImporter {
  return { build: (op) => allInputs(op).reduce(combine) };
}

function allInputs(op: Operation): [Node, ...Node[]] {
  const [, ...rest] = op.inputs.keys();
  return [op.input(0), ...rest.map((index) => op.input(index))];
}

function mean(op: Operation): Node {
  const values = allInputs(op);
  return g.div(values.reduce(g.add), values.length);
}

/** The exponent may have another dtype than the base, which is also that of the result. */
function pow(op: Operation): Node {
  const [base, exponent] = [op.input(0), op.input(1)];
  if (base.dtype === 'float32') return g.pow(base, g.cast(exponent, 'float32'));
  return g.cast(g.pow(g.cast(base, 'float32'), g.cast(exponent, 'float32')), base.dtype);
}

/**
 * The remainder has the sign of the divisor, which reals may have from opset 28 on; with fmod=1 that of the dividend.
 */
function mod(op: Operation): Node {
  const [a, b] = [op.input(0), op.input(1)];
  const truncated = op.attributes.flag('fmod');
  if (a.dtype === 'float32' && !truncated && op.opset < 28) {
    throw op.invalid('needs fmod=1 for floating-point numbers');
  }
  const remainder = a.dtype === 'float32' ? realRemainder(a, b) : g.sub(a, g.mul(b, g.div(a, b)));
  if (truncated) return remainder;
  const wrongSign = g.and(g.notEqual(remainder, 0), g.notEqual(g.less(remainder, 0), g.less(b, 0)));
  return g.where(wrongSign, g.add(remainder, b), remainder);
}

/** a less the whole multiples of b, which are none of an infinity. */
function realRemainder(a: Node, b: Node): Node {
  const quotient = g.div(a, b);
  const multiples = g.mul(b, g.mul(g.sign(quotient), g.floor(g.abs(quotient))));
  return g.where(g.less(g.abs(a), g.abs(b)), a, g.sub(a, multiples));
}

function clip(op: Operation): Node {
  const x = op.input(0);
  const bound = (name: string, index: number): g.Operand | undefined =>
    op.opset < 11 ? op.attributes.float(name) : op.optionalInput(index);
  return g.clip(x, bound('min', 1), bound('max', 2));
}

/** Infinities of either sign, or of one, or of none. */
function isInf(op: Operation): Node {
  const x = op.input(0);
  const [negative, positive] = ['detect_negative', 'detect_positive'].map((name) => op.attributes.flag(name, true));
  if (!negative && !positive) return g.broadcastTo(0, x.shape, 'bool');
  const sought = positive ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  return g.equal(negative && positive ? g.abs(x) : x, sought);
}

export const elementwiseOperators: Record<string, OperatorImporter> = {
  Abs: unary(g.abs),
  Acos: unary(g.acos),
  Acosh: { ...unary(g.acosh), since: 9 },
  Asin: unary(g.asin),
  Asinh: { ...unary(g.asinh), since: 9 },
  Atan: unary(g.atan),
  Atanh: { ...unary(g.atanh), since: 9 },
  Ceil: { ...unary(g.ceil), constantAlmostEverywhere: true },
  Cos: unary(g.cos),
  Cosh: { ...unary(g.cosh), since: 9 },
  Erf: { ...unary(g.erf), since: 9 },
  Exp: unary(g.exp),
  Floor: { ...unary(g.floor), constantAlmostEverywhere: true },
  Identity: unary((x) => x),
  IsInf: { build: isInf, since: 10, constantAlmostEverywhere: true },
  IsNaN: { ...unary((x) => g.notEqual(x, x)), since: 9, constantAlmostEverywhere: true },
  Log: unary(g.log),
  Neg: unary(g.neg),
  Not: { ...unary(g.not), constantAlmostEverywhere: true },
  Reciprocal: unary(g.reciprocal),
  Round: { ...unary(g.round), since: 11, constantAlmostEverywhere: true },
  Sign: { ...unary(g.sign), since: 9, constantAlmostEverywhere: true },
  Sin: unary(g.sin),
  Sinh: { ...unary(g.sinh), since: 9 },
  Sqrt: unary(g.sqrt),
  Tan: unary(g.tan),

  Add: binary(g.add),
  And: { ...binary(g.and), constantAlmostEverywhere: true },
  Div: binary(g.div),
  Mod: { build: mod, since: 10 },
  Mul: binary(g.mul),
  Or: { ...binary(g.or), constantAlmostEverywhere: true },
  Pow: { build: pow },
  Sub: binary(g.sub),
  Xor: comparison(g.notEqual),

  Equal: comparison(g.equal),
  Greater: comparison(g.greater),
  GreaterOrEqual: { ...comparison(g.greaterEqual), since: 12 },
  Less: comparison(g.less),
  LessOrEqual: { ...comparison(g.lessEqual), since: 12 },

  Max: variadic(g.maximum),
  Mean: { build: mean },
  Min: variadic(g.minimum),
  Sum: variadic(g.add),

  Clip: { build: clip },
  Where: { build: (op) => g.where(op.input(0), op.input(1), op.input(2)), since: 9 },
};
