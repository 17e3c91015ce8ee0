import * as f from '../functions/elementwise.js';
import { sumTo } from '../functions/reduce.js';
import { isOp, type Node } from '../node.js';
import { three, two } from '../ops/infer.js';
import type { Rule } from './rule.js';

/** The gradients with respect to a and b in the broadcast shape, given the gradient dy with respect to the value y. */
interface Parts {
  a(dy: Node, a: Node, b: Node, y: Node): Node;
  b(dy: Node, a: Node, b: Node, y: Node): Node;
}

function broadcasting(parts: Parts): Rule<unknown> {
  return (node, dy, wanted) => {
    const [a, b] = two(node.inputs);
    return [
      wanted[0] ? sumTo(parts.a(dy, a, b, node), a.shape) : undefined,
      wanted[1] ? sumTo(parts.b(dy, a, b, node), b.shape) : undefined,
    ];
  };
}

export const add = broadcasting({ a: (dy) => dy, b: (dy) => dy });
export const sub = broadcasting({ a: (dy) => dy, b: (dy) => f.neg(dy) });
export const mul = broadcasting({ a: (dy, _a, b) => f.mul(dy, b), b: (dy, a) => f.mul(dy, a) });
export const div = broadcasting({
  a: (dy, _a, b) => f.div(dy, b),
  b: (dy, _a, b, y) => f.neg(f.div(f.mul(dy, y), b)),
});

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

export const pow = broadcasting({ a: powerBaseGradient, b: powerExponentGradient });

/** Where the operands are equal the first has the whole derivative. */
export const maximum = broadcasting({
  a: (dy, a, b) => f.where(f.greaterEqual(a, b), dy, 0),
  b: (dy, a, b) => f.where(f.greaterEqual(a, b), 0, dy),
});
/** Where the operands are equal the first has the whole derivative. */
export const minimum = broadcasting({
  a: (dy, a, b) => f.where(f.lessEqual(a, b), dy, 0),
  b: (dy, a, b) => f.where(f.lessEqual(a, b), 0, dy),
});

export const where: Rule<unknown> = (node, dy, wanted) => {
  const [condition, a, b] = three(node.inputs);
  return [
    undefined,
    wanted[1] ? sumTo(f.where(condition, dy, 0), a.shape) : undefined,
    wanted[2] ? sumTo(f.where(condition, 0, dy), b.shape) : undefined,
  ];
};
