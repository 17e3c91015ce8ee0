import { createNode, isOp, type Node } from '../../graph/node.js';
import type { AttributesOf } from '../../graph/ops/index.js';
import { rewrite, withInputs } from '../../graph/rewrite.js';
import { elementCount, type Shape, sameShape } from '../../tensor.js';
import { isElementwise } from '../classes.js';
import { untransposed } from './reassociate/terms.js';
import { reshaped } from './reshaped.js';

/**
 * Algebraic simplification. Each rule is exact: it changes neither a value (beyond the sign of a zero) nor how NaN and
 * infinity travel.
 */
export function simplify(roots: readonly Node[]): Node[] {
  return rewrite(roots, (node) => {
    let current = node;
    // Rules shrink the node or move it towards a normal form, so this ends; the bound guards against a cycle of rules.
    for (let round = 0; round < 16; round++) {
      const next = rules.reduce<Node | undefined>((found, rule) => found ?? rule(current), undefined);
      if (next === undefined) return current;
      current = next;
    }
    return current;
  });
}

type Rule = (node: Node) => Node | undefined;

const rules: readonly Rule[] = [
  dropStopGradient,
  dropIdentity,
  mergeShapeOps,
  uniformConstant,
  neutralOperand,
  dropBroadcastOperand,
  hoistBroadcast,
  mergeReductions,
  transposeIntoMatmul,
];

function dropStopGradient(node: Node): Node | undefined {
  return isOp(node, 'stopGradient') ? node.inputs[0] : undefined;
}

function dropIdentity(node: Node): Node | undefined {
  const [x] = node.inputs;
  if (x === undefined || x.dtype !== node.dtype || !sameShape(x.shape, node.shape)) return undefined;
  if (
    isOp(node, 'reshape') ||
    isOp(node, 'broadcastTo') ||
    isOp(node, 'slice') ||
    isOp(node, 'pad') ||
    isOp(node, 'cast')
  ) {
    return x;
  }
  if (isOp(node, 'concat')) return node.inputs.length === 1 ? x : undefined;
  if (isOp(node, 'reduceSum') || isOp(node, 'reduceMax')) return node.attributes.axes.length === 0 ? x : undefined;
  if (isOp(node, 'transpose')) return node.attributes.permutation.every((from, to) => from === to) ? x : undefined;
  return undefined;
}

/** Two shape operations in a row become one; a transpose that moves only axes of size 1 is a reshape. */
function mergeShapeOps(node: Node): Node | undefined {
  const [x] = node.inputs;
  if (x === undefined) return undefined;
  if (isOp(node, 'reshape') && isOp(x, 'reshape')) return reshaped(x.inputs[0] as Node, node.shape);
  if (isOp(node, 'broadcastTo') && isOp(x, 'broadcastTo')) {
    return createNode('broadcastTo', x.inputs, { shape: node.shape });
  }
  if (isOp(node, 'transpose')) {
    const { permutation } = node.attributes;
    const moved = permutation.filter((axis) => x.shape[axis] !== 1);
    if (moved.every((axis, index) => index === 0 || axis > (moved[index - 1] as number)))
      return reshaped(x, node.shape);
    if (isOp(x, 'transpose')) {
      const inner = x.attributes.permutation;
      return createNode('transpose', x.inputs, { permutation: permutation.map((axis) => inner[axis] as number) });
    }
  }
  return undefined;
}

/** A constant whose elements are all equal is a broadcast scalar, which costs no memory and meets the rules below. */
function uniformConstant(node: Node): Node | undefined {
  if (!isOp(node, 'constant') || node.shape.length === 0) return undefined;
  const { data, dtype } = node.attributes;
  const first = data[0];
  if (first === undefined || !data.every((value) => Object.is(value, first))) return undefined;
  const scalar = createNode('constant', [], { dtype, shape: [], data: Float64Array.of(first) });
  return createNode('broadcastTo', [scalar], { shape: node.shape });
}

/** x + 0, x - 0, x * 1, x / 1 and pow(x, 1) are x; x * -1 is -x; -(-x) is x. */
function neutralOperand(node: Node): Node | undefined {
  const [a, b] = node.inputs;
  if (a === undefined) return undefined;
  if (isOp(node, 'neg') && isOp(a, 'neg')) return a.inputs[0];
  if (b === undefined) return undefined;
  const left = uniformValue(a);
  const right = uniformValue(b);
  const keep = (x: Node): Node | undefined => (sameShape(x.shape, node.shape) ? x : undefined);
  switch (node.op) {
    case 'add':
      return right === 0 ? keep(a) : left === 0 ? keep(b) : undefined;
    case 'sub':
      return right === 0 ? keep(a) : undefined;
    case 'mul':
      if (right === 1) return keep(a);
      if (left === 1) return keep(b);
      if (right === -1 && keep(a)) return createNode('neg', [a], {});
      return left === -1 && keep(b) ? createNode('neg', [b], {}) : undefined;
    case 'div':
    case 'pow':
      return right === 1 ? keep(a) : undefined;
    default:
      return undefined;
  }
}

/** An elementwise operation broadcasts by itself: an explicit broadcast of an operand is dropped. */
function dropBroadcastOperand(node: Node): Node | undefined {
  if (!isElementwise(node.op) || node.inputs.length < 2) return undefined;
  for (const [index, input] of node.inputs.entries()) {
    if (!isOp(input, 'broadcastTo')) continue;
    const inputs = node.inputs.with(index, input.inputs[0] as Node);
    const rebuilt = withInputs(node, inputs);
    if (sameShape(rebuilt.shape, node.shape)) return rebuilt;
  }
  return undefined;
}

/** An elementwise operation on nothing but broadcasts is done before broadcasting. */
function hoistBroadcast(node: Node): Node | undefined {
  if (!isElementwise(node.op) || !node.inputs.some((input) => isOp(input, 'broadcastTo'))) return undefined;
  const inputs = node.inputs.map((input) => (isOp(input, 'broadcastTo') ? (input.inputs[0] as Node) : input));
  if (inputs.some((input) => elementCount(input.shape) >= elementCount(node.shape))) return undefined;
  const smaller = withInputs(node, inputs);
  if (elementCount(smaller.shape) >= elementCount(node.shape)) return undefined;
  return createNode('broadcastTo', [smaller], { shape: node.shape });
}

/** A sum of a sum is one sum; a sum over axes of size 1 is a reshape; a sum of a broadcast is a product. */
function mergeReductions(node: Node): Node | undefined {
  if (!isOp(node, 'reduceSum') && !isOp(node, 'reduceMax')) return undefined;
  const x = node.inputs[0] as Node;
  const { axes } = node.attributes;
  if (axes.every((axis) => x.shape[axis] === 1)) return reshaped(x, node.shape);
  if (x.op === node.op && (isOp(x, 'reduceSum') || isOp(x, 'reduceMax'))) {
    const source = x.inputs[0] as Node;
    const inner = x.attributes.axes;
    const kept = source.shape.map((_, axis) => axis).filter((axis) => !inner.includes(axis));
    const outer = axes.map((axis) => kept[axis] as number);
    return createNode(node.op, [source], { axes: [...inner, ...outer].sort((a, b) => a - b) });
  }
  if (isOp(node, 'reduceSum') && isOp(x, 'broadcastTo')) return sumOfBroadcast(node, x);
  return undefined;
}

function sumOfBroadcast(
  node: Node & { readonly attributes: AttributesOf<'reduceSum'> },
  broadcast: Node,
): Node | undefined {
  const source = broadcast.inputs[0] as Node;
  const lead = broadcast.shape.length - source.shape.length;
  const aligned: Shape = [...Array<number>(lead).fill(1), ...source.shape];
  const { axes } = node.attributes;
  if (!axes.every((axis) => aligned[axis] === 1)) return undefined;
  const count = axes.reduce((product, axis) => product * (broadcast.shape[axis] as number), 1);
  // Nothing adds up to 0 whatever was broadcast, where 0 times an infinity would not.
  if (count === 0) return undefined;
  const kept = aligned.filter((_, axis) => !axes.includes(axis));
  const scale = createNode('constant', [], { dtype: node.dtype, shape: [], data: Float64Array.of(count) });
  const scaled = createNode('mul', [reshaped(source, kept), scale], {});
  return createNode('broadcastTo', [scaled], { shape: node.shape });
}

/** A transpose of the last two axes of a matrix operand is a flag of the product. */
function transposeIntoMatmul(node: Node): Node | undefined {
  if (!isOp(node, 'matmul')) return undefined;
  const [a, b] = node.inputs as [Node, Node];
  let { transposeA, transposeB } = node.attributes;
  const [plainA, plainB] = [untransposed(a), untransposed(b)];
  if (!plainA && !plainB) return undefined;
  if (plainA) transposeA = !transposeA;
  if (plainB) transposeB = !transposeB;
  return createNode('matmul', [plainA ?? a, plainB ?? b], { transposeA, transposeB });
}

/** The value of a scalar or broadcast constant. */
function uniformValue(node: Node): number | undefined {
  const source = isOp(node, 'broadcastTo') ? (node.inputs[0] as Node) : node;
  return isOp(source, 'constant') && source.attributes.data.length === 1 ? source.attributes.data[0] : undefined;
}
