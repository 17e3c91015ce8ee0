import { elementCount, sameShape } from '../tensor.js';
import { mul, sign } from './functions/elementwise.js';
import { picked } from './functions/picked.js';
import { broadcastTo, reshape } from './functions/shape.js';
import { createNode, isOp, type Node, type NodeOf } from './node.js';
import { one, two } from './ops/infer.js';
import { withOrigin } from './origin.js';
import { rewrite, withInputs } from './rewrite.js';
import { consumersOf, topologicalOrder } from './traverse.js';

type Indices = NodeOf<'maxPoolIndices'>;

/**
 * The roots with max pooling before what keeps or turns round the order of a plane's elements, as ReLU and sums and
 * products with a number for each plane do: that is done on the picked elements alone, which are fewer. As long as
 * those numbers are finite values stay the same, and so do derivatives by the inputs of the graph but where rounding
 * alone made elements equal. The pool no longer depends on what it is moved past, so this comes before anything is
 * differentiated: a pool whose positions are used for more than to pick its maxima, as its derivatives do, stays where
 * it is.
 */
export function poolFirst(roots: readonly Node[]): readonly Node[] {
  const order = topologicalOrder(roots);
  if (!order.some((node) => isOp(node, 'maxPoolIndices'))) return roots;
  const consumers = consumersOf(order);
  const onlyUser = (node: Node): Node | undefined => {
    const users = consumers.get(node) ?? [];
    return users.length === 1 && !roots.includes(node) ? users[0] : undefined;
  };
  const moved = new Map<Node, Node>();
  return rewrite(roots, (node, original, rewritten) => {
    if (isOp(original, 'reshape')) {
      const pooled = moved.get(one(original.inputs));
      return pooled !== undefined && sameShape(pooled.shape, original.shape) ? pooled : node;
    }
    const indices = isOp(original, 'gatherElements') ? indicesOf(original) : undefined;
    if (indices === undefined) return node;
    const flat = two(original.inputs)[1];
    if (onlyUser(flat) !== original || (flat !== indices && onlyUser(indices) !== flat)) return node;
    const x = rewritten(one(indices.inputs));
    if (orderedBy(x) === undefined) return node;
    return withOrigin(
      () => original.origin,
      () => {
        const pooled = pickLargest(x, indices.attributes);
        moved.set(original, pooled);
        return reshape(pooled, original.shape);
      },
    );
  });
}

/** The positions of its maxima, if the elements that are picked are those of a max pool. */
function indicesOf(pick: NodeOf<'gatherElements'>): Indices | undefined {
  const [planes, flat] = two(pick.inputs);
  const indices = isOp(flat, 'reshape') ? one(flat.inputs) : flat;
  if (!isOp(indices, 'maxPoolIndices') || indices.inputs.length !== 1) return undefined;
  const x = one(indices.inputs);
  const isOfPlanes = planes === x || (isOp(planes, 'reshape') && one(planes.inputs) === x);
  return isOfPlanes && sameShape(planes.shape.slice(0, -1), x.shape.slice(0, 2)) ? indices : undefined;
}

/** The elements of x that are picked from the windows: those that are largest when x is multiplied by `scale`. */
function pickLargest(x: Node, windows: Indices['attributes'], scale?: Node): Node {
  const [planes, number] = orderedBy(x) ?? [];
  if (planes === undefined) return picked(x, createNode('maxPoolIndices', scale ? [x, scale] : [x], windows));
  if (number === undefined) return withInputs(x, [pickLargest(planes, windows, scale)]);
  const order = isOp(x, 'mul') ? timesSign(scale, number, x) : scale;
  return withInputs(x, [pickLargest(planes, windows, order), number]);
}

/**
 * What has the order of the elements of x or its reverse within each plane, and the number for each plane that x is
 * made with.
 */
function orderedBy(x: Node): readonly [planes: Node, number?: Node] | undefined {
  if (isOp(x, 'relu')) return [one(x.inputs)];
  if (!isOp(x, 'add') && !isOp(x, 'sub') && !isOp(x, 'mul')) return undefined;
  const [a, b] = two(x.inputs);
  const [planes, number] = isSameWithinPlanes(a, x) && !isOp(x, 'sub') ? [b, a] : [a, b];
  return isSameWithinPlanes(number, x) && sameShape(planes.shape, x.shape) ? [planes, number] : undefined;
}

/**
 * Whether an operand of an elementwise operation gives each plane of its result x [batch, channels, ...spatial] one
 * number.
 */
function isSameWithinPlanes(operand: Node, x: Node): boolean {
  const spatial = x.shape.length - 2;
  return elementCount(x.shape.slice(2)) > 1 && elementCount(operand.shape.slice(-spatial)) === 1;
}

/** The scale of the planes of x with the sign of a number that each plane is multiplied by. */
function timesSign(scale: Node | undefined, number: Node, x: Node): Node {
  const lead = number.shape.slice(0, -(x.shape.length - 2));
  const signs = broadcastTo(reshape(sign(number), lead), x.shape.slice(0, 2));
  return scale === undefined ? signs : mul(scale, signs);
}
