import { BilevelError } from '../../errors.js';
import { checkDType, type DType } from '../../tensor.js';
import { createNode, isNode, type Node, type Operand, requireNode } from '../node.js';
import { toNode, toNodes } from './leaf.js';

type UnaryName =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'log'
  | 'sqrt'
  | 'tanh'
  | 'sigmoid'
  | 'erf'
  | 'relu'
  | 'softplus'
  | 'sin'
  | 'cos'
  | 'floor'
  | 'ceil'
  | 'round'
  | 'not'
  | 'stopGradient';

type BinaryName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'pow'
  | 'maximum'
  | 'minimum'
  | 'and'
  | 'or'
  | 'equal'
  | 'notEqual'
  | 'less'
  | 'lessEqual'
  | 'greater'
  | 'greaterEqual';

function tooManyNodes(op: BinaryName): BilevelError {
  return new BilevelError(
    'INVALID_ARGUMENT',
    `${op} takes two operands but received a third. Write ${op}(${op}(a, b), c).`,
  );
}

function unary(op: UnaryName): (x: Operand) => Node {
  return (x) => createNode(op, [toNode(x)], {});
}

function binary(op: BinaryName): (a: Operand, b: Operand) => Node {
  return (a, b, ...more: readonly unknown[]) => {
    // Array.reduce passes more than two arguments, but no further node.
    if (isNode(more[0])) throw tooManyNodes(op);
    return createNode(op, toNodes([a, b]), {});
  };
}

// float32 and integers

/** -x. @function */
export const neg = unary('neg');
/** |x|; its derivative at 0 is 0. @function */
export const abs = unary('abs');
/** -1, 0 or 1; its derivative is zero everywhere. @function */
export const sign = unary('sign');

// float32

/** e to the power x. @function */
export const exp = unary('exp');
/** Natural logarithm. @function */
export const log = unary('log');
/** Square root. @function */
export const sqrt = unary('sqrt');
/** Hyperbolic tangent. @function */
export const tanh = unary('tanh');
/** 1 / (1 + exp(-x)). @function */
export const sigmoid = unary('sigmoid');
/** Error function. @function */
export const erf = unary('erf');
/** max(x, 0); its derivative at 0 is 0. @function */
export const relu = unary('relu');
/** log(1 + exp(x)), without overflow. @function */
export const softplus = unary('softplus');
/** Sine of an angle in radians. @function */
export const sin = unary('sin');
/** Cosine of an angle in radians. @function */
export const cos = unary('cos');
/** The largest integer that is not above x; without derivative. @function */
export const floor = unary('floor');
/** The smallest integer that is not below x; without derivative. @function */
export const ceil = unary('ceil');
/** To the nearest integer, ties to even. @function */
export const round = unary('round');

/** Negation of a bool. @function */
export const not = unary('not');
/** The value itself, seen as a constant by derivatives. @function */
export const stopGradient = unary('stopGradient');

// Two operands of one dtype, broadcast by NumPy's rule. A number takes the dtype of the other operand.

/** a + b. @function */
export const add = binary('add');
/** a - b. @function */
export const sub = binary('sub');
/** a b, element by element. @function */
export const mul = binary('mul');
/** a / b. Integer division truncates; by zero it gives 0. @function */
export const div = binary('div');
/** a to the power b, float32. @function */
export const pow = binary('pow');
/** The larger of a and b. Where they are equal the first has the whole derivative. @function */
export const maximum = binary('maximum');
/** The smaller of a and b. Where they are equal the first has the whole derivative. @function */
export const minimum = binary('minimum');
/** Whether both bools hold. @function */
export const and = binary('and');
/** Whether one of the bools or both hold. @function */
export const or = binary('or');
/** Whether a = b, as bool. @function */
export const equal = binary('equal');
/** Whether a differs from b, as bool. @function */
export const notEqual = binary('notEqual');
/** Whether a < b, as bool. @function */
export const less = binary('less');
/** Whether a <= b, as bool. @function */
export const lessEqual = binary('lessEqual');
/** Whether a > b, as bool. @function */
export const greater = binary('greater');
/** Whether a >= b, as bool. @function */
export const greaterEqual = binary('greaterEqual');

/** `a` where the bool `condition` holds, else `b`; all three broadcast. */
export function where(condition: Node, a: Operand, b: Operand): Node {
  return createNode('where', [condition, ...toNodes([a, b])], {});
}

/** Every element as `dtype`: to bool non-zero gives 1; a real becomes an integer by truncation towards zero. */
export function cast(x: Node, dtype: DType): Node {
  checkDType(dtype);
  return requireNode(x, 'x').dtype === dtype ? x : createNode('cast', [x], { dtype });
}
