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

export const neg = unary('neg');
export const abs = unary('abs');
/** -1, 0 or 1; its derivative is zero everywhere. */
export const sign = unary('sign');

// float32

export const exp = unary('exp');
export const log = unary('log');
export const sqrt = unary('sqrt');
export const tanh = unary('tanh');
export const sigmoid = unary('sigmoid');
export const erf = unary('erf');
export const relu = unary('relu');
export const softplus = unary('softplus');
export const sin = unary('sin');
export const cos = unary('cos');
export const floor = unary('floor');
export const ceil = unary('ceil');
/** To the nearest integer, ties to even. */
export const round = unary('round');

/** Negation of a bool. */
export const not = unary('not');
/** The value itself, seen as a constant by derivatives. */
export const stopGradient = unary('stopGradient');

// Two operands of one dtype, broadcast by NumPy's rule. A number takes the dtype of the other operand.

export const add = binary('add');
export const sub = binary('sub');
export const mul = binary('mul');
/** Integer division truncates; by zero it gives 0. */
export const div = binary('div');
/** a to the power b, float32. */
export const pow = binary('pow');
/** Where the operands are equal the first has the whole derivative. */
export const maximum = binary('maximum');
/** Where the operands are equal the first has the whole derivative. */
export const minimum = binary('minimum');
export const and = binary('and');
export const or = binary('or');
export const equal = binary('equal');
export const notEqual = binary('notEqual');
export const less = binary('less');
export const lessEqual = binary('lessEqual');
export const greater = binary('greater');
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
