import type { DType, TensorType } from '../../tensor.js';
import * as f from '../functions/elementwise.js';
import { sumTo } from '../functions/reduce.js';
import { isOp, type Node } from '../node.js';
import type { NoAttributes, Op } from '../op.js';
import { broadcastShapes, requireDType, requireSameDType, three, two } from './infer.js';
import { convert, multiplyIntegers } from './numbers.js';
import { at, broadcastData } from './offsets.js';

type Scalar = (a: number, b: number, dtype: DType) => number;
/** The gradients with respect to a and b in the broadcast shape, given the gradient dy with respect to the value y. */
interface Rules {
  a(dy: Node, a: Node, b: Node, y: Node): Node;
  b(dy: Node, a: Node, b: Node, y: Node): Node;
}

const all: readonly DType[] = ['float32', 'int32', 'int64', 'bool'];
const numeric: readonly DType[] = ['float32', 'int32', 'int64'];

function broadcasting(
  allowed: readonly DType[],
  result: 'same' | 'bool',
  of: Scalar,
  rules: Rules | 'none',
): Op<NoAttributes> {
  return {
    infer(inputs) {
      const [a, b] = two<TensorType>(inputs);
      requireDType(a, allowed, 'the first operand');
      requireSameDType(a, b);
      return { dtype: result === 'bool' ? 'bool' : a.dtype, shape: broadcastShapes(a.shape, b.shape) };
    },
    evaluate(inputs, _attributes, { shape, dtype }) {
      const [a, b] = two(inputs);
      const bData = broadcastData(b, shape);
      return broadcastData(a, shape).map((value, index) => convert(of(value, at(bData, index), a.dtype), dtype));
    },
    gradient:
      rules === 'none'
        ? 'none'
        : (node, dy, wanted) => {
            const [a, b] = two(node.inputs);
            return [
              wanted[0] ? sumTo(rules.a(dy, a, b, node), a.shape) : undefined,
              wanted[1] ? sumTo(rules.b(dy, a, b, node), b.shape) : undefined,
            ];
          },
  };
}

export const add = broadcasting(numeric, 'same', (a, b) => a + b, { a: (dy) => dy, b: (dy) => dy });
export const sub = broadcasting(numeric, 'same', (a, b) => a - b, { a: (dy) => dy, b: (dy) => f.neg(dy) });
export const mul = broadcasting(
  numeric,
  'same',
  (a, b, dtype) => (dtype === 'float32' ? a * b : multiplyIntegers(a, b, dtype)),
  { a: (dy, _a, b) => f.mul(dy, b), b: (dy, a) => f.mul(dy, a) },
);
/** Integer division truncates; by zero it gives 0. */
export const div = broadcasting(
  numeric,
  'same',
  (a, b, dtype) => (dtype === 'float32' ? a / b : b === 0 ? 0 : Math.trunc(a / b)),
  { a: (dy, _a, b) => f.div(dy, b), b: (dy, _a, b, y) => f.neg(f.div(f.mul(dy, y), b)) },
);

/** d(a^b)/da = b a^(b-1), without a negative power of zero where b is 0 and without a power at all where b is 2. */
function powerBaseGradient(dy: Node, a: Node, b: Node): Node {
  const exponent = isOp(b, 'constant') && b.attributes.data.length === 1 ? b.attributes.data[0] : undefined;
  if (exponent === undefined) return f.mul(dy, f.mul(b, f.pow(a, f.where(f.equal(b, 0), 1, f.sub(b, 1)))));
  if (exponent === 0 || exponent === 1) return f.mul(dy, exponent);
  return f.mul(dy, f.mul(exponent, exponent === 2 ? a : f.pow(a, exponent - 1)));
}

/** d(a^b)/db = a^b log(a), which is 0 at a = 0. */
function powerExponentGradient(dy: Node, a: Node, _b: Node, y: Node): Node {
  return f.mul(dy, f.mul(y, f.log(f.where(f.equal(a, 0), 1, a))));
}

export const pow = broadcasting(['float32'], 'same', (a, b) => a ** b, {
  a: powerBaseGradient,
  b: powerExponentGradient,
});

/** Propagates NaN; where the operands are equal the first has the whole derivative. */
export const maximum = broadcasting(numeric, 'same', (a, b) => Math.max(a, b), {
  a: (dy, a, b) => f.where(f.greaterEqual(a, b), dy, 0),
  b: (dy, a, b) => f.where(f.greaterEqual(a, b), 0, dy),
});
/** Propagates NaN; where the operands are equal the first has the whole derivative. */
export const minimum = broadcasting(numeric, 'same', (a, b) => Math.min(a, b), {
  a: (dy, a, b) => f.where(f.lessEqual(a, b), dy, 0),
  b: (dy, a, b) => f.where(f.lessEqual(a, b), 0, dy),
});

export const equal = broadcasting(all, 'bool', (a, b) => Number(a === b), 'none');
export const notEqual = broadcasting(all, 'bool', (a, b) => Number(a !== b), 'none');
export const less = broadcasting(numeric, 'bool', (a, b) => Number(a < b), 'none');
export const lessEqual = broadcasting(numeric, 'bool', (a, b) => Number(a <= b), 'none');
export const greater = broadcasting(numeric, 'bool', (a, b) => Number(a > b), 'none');
export const greaterEqual = broadcasting(numeric, 'bool', (a, b) => Number(a >= b), 'none');
export const and = broadcasting(['bool'], 'bool', (a, b) => a * b, 'none');
export const or = broadcasting(['bool'], 'bool', (a, b) => Math.max(a, b), 'none');

/** a where the condition holds, else b; all three broadcast. */
export const where: Op<NoAttributes> = {
  infer(inputs) {
    const [condition, a, b] = three<TensorType>(inputs);
    requireDType(condition, ['bool'], 'the condition');
    requireSameDType(a, b);
    return { dtype: a.dtype, shape: broadcastShapes(condition.shape, a.shape, b.shape) };
  },
  evaluate(inputs, _attributes, { shape }) {
    const [condition, a, b] = three(inputs);
    const aData = broadcastData(a, shape);
    const bData = broadcastData(b, shape);
    return broadcastData(condition, shape).map((holds, index) => at(holds === 0 ? bData : aData, index));
  },
  gradient(node, dy, wanted) {
    const [condition, a, b] = three(node.inputs);
    return [
      undefined,
      wanted[1] ? sumTo(f.where(condition, dy, 0), a.shape) : undefined,
      wanted[2] ? sumTo(f.where(condition, 0, dy), b.shape) : undefined,
    ];
  },
};
