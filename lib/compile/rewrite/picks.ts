import { createNode, isOp, type Node, type NodeOf } from '../../graph/node.js';
import type { AttributesOf, OpName } from '../../graph/ops/index.js';
import { rewrite } from '../../graph/rewrite.js';
import { topologicalOrder } from '../../graph/traverse.js';
import { elementCount, type Shape, sameShape } from '../../tensor.js';
import { isElementwise } from '../classes.js';
import { reshaped } from './reshaped.js';

type Pick = NodeOf<'gatherElements'>;

/** How far into an expression to look. */
const maxDepth = 8;

/**
 * Elementwise work around the elements that an index tensor picks from each plane, as max pooling does, is done on
 * these elements alone: an operation on whole planes of which only picked elements are wanted, when the same elements
 * of its operands are picked already, and a mask over planes into which elements have been put back. Values stay the
 * same to the bit.
 */
export function workOnPicked(roots: readonly Node[]): Node[] {
  const picks = topologicalOrder(roots).filter((node) => isOp(node, 'gatherElements'));
  const picked = new Set(picks.map((pick) => keyOf(planesOf(pick.inputs[0] as Node), pick.inputs[1] as Node)));

  return rewrite(roots, (node, original, rewritten) => {
    /**
     * The elements of `x` that are picked, made of picked elements of what it is made of; undefined when they are not
     * at hand.
     */
    const pickedOf = (x: Node, indices: Node, space: Shape, depth: number): Node | undefined => {
      const constant = withoutPlane(x, space, indices.shape.length - 1);
      if (depth > 0 && constant) return reshaped(rewritten(x), constant);
      if (depth > 0 && picked.has(keyOf(x, indices))) {
        const planes = [...indices.shape.slice(0, -1), elementCount(space.slice(indices.shape.length - 1))];
        return createNode('gatherElements', [reshaped(rewritten(x), planes), rewritten(indices)], {});
      }
      if (!isElementwise(x.op) || !sameShape(x.shape, space) || depth > maxDepth) return undefined;
      const inputs: Node[] = [];
      for (const input of x.inputs) {
        const part = pickedOf(input, indices, space, depth + 1);
        if (part === undefined) return undefined;
        inputs.push(part);
      }
      const result = createNode<OpName>(x.op, inputs, x.attributes as AttributesOf<OpName>);
      return sameShape(result.shape, indices.shape) ? result : undefined;
    };
    if (isOp(original, 'gatherElements')) {
      const [x, indices] = (original as Pick).inputs as [Node, Node];
      const planes = planesOf(x);
      return pickedOf(planes, indices, planes.shape, 0) ?? node;
    }
    if (!isOp(original, 'where') || !isZero(original.inputs[2] as Node)) return node;
    const [mask, put] = original.inputs as [Node, Node];
    const scatter = planesOf(put);
    if (!isOp(scatter, 'scatterAddElements') || !sameShape(mask.shape, original.shape)) return node;
    if (!sameShape(put.shape, original.shape) || !startsWith(mask.shape, scatter.shape.slice(0, -1))) return node;
    const [updates, indices] = scatter.inputs as [Node, Node];
    const maskOfPicked = pickedOf(mask, indices, mask.shape, 0);
    if (maskOfPicked === undefined) return node;
    const zero = createNode('constant', [], { dtype: 'float32', shape: [], data: Float64Array.of(0) });
    const masked = createNode('where', [maskOfPicked, rewritten(updates), zero], {});
    const whole = createNode('scatterAddElements', [masked, rewritten(indices)], scatter.attributes);
    return reshaped(whole, original.shape);
  });
}

function keyOf(x: Node, indices: Node): string {
  return `${x.id} ${indices.id}`;
}

/** Planes as they were before, or are behind, the reshape that makes the last axis one of all their elements. */
function planesOf(x: Node): Node {
  const source = x.inputs[0];
  if (!isOp(x, 'reshape') || source === undefined) return x;
  const [flat, whole] = x.shape.length < source.shape.length ? [x.shape, source.shape] : [source.shape, x.shape];
  return startsWith(whole, flat.slice(0, -1)) ? source : x;
}

function startsWith(shape: Shape, lead: Shape): boolean {
  return lead.every((size, axis) => size === shape[axis]);
}

/**
 * The shape, with one axis for the plane, of an operand that is the same all over each plane; undefined when it varies.
 */
function withoutPlane(x: Node, space: Shape, lead: number): Shape | undefined {
  const planeRank = space.length - lead;
  if (x.shape.slice(-planeRank).some((size) => size !== 1)) return undefined;
  return x.shape.length > planeRank ? [...x.shape.slice(0, -planeRank), 1] : [];
}

function isZero(x: Node): boolean {
  return isOp(x, 'constant') && x.attributes.data.length === 1 && x.attributes.data[0] === 0;
}
