import {
  abs,
  add,
  div,
  inner,
  maximum,
  mul,
  type Node,
  reduceMax,
  reduceSum,
  reshape,
  sqrt,
  stopGradient,
  sub,
  zeros,
} from '../graph/index.js';

/** A point or direction of one level: a node for each of its variables, in their order. */
export type Vector = readonly Node[];

/** Applies `combine` to the entries of vectors of one level. */
function zip(a: Vector, b: Vector, combine: (a: Node, b: Node) => Node): Vector {
  return a.map((node, index) => {
    const other = b[index];
    if (other === undefined) throw new RangeError('Vectors with different numbers of tensors cannot be combined.');
    return combine(node, other);
  });
}

/** a + b */
export const plus = (a: Vector, b: Vector): Vector => zip(a, b, add);

/** a - b */
export const minus = (a: Vector, b: Vector): Vector => zip(a, b, sub);

/** factor a; a factor of shape [trials] scales every trial by its own. */
export function scaled(factor: Node | number, a: Vector): Vector {
  return a.map((node) => mul(typeof factor === 'number' ? factor : spread(factor, node.shape.length), node));
}

/** a + factor b */
export const plusScaled = (a: Vector, factor: Node | number, b: Vector): Vector => plus(a, scaled(factor, b));

/** A scalar as it is, and one value per trial with axes after it so that it broadcasts against tensors of the rank. */
export function spread(factor: Node, rank: number): Node {
  const { shape } = factor;
  return shape.length === 0 ? factor : reshape(factor, [...shape, ...new Array<number>(rank - shape.length).fill(1)]);
}

/** <a, b>: a scalar, or with `trials` one value per trial, [trials], over all other axes. */
export function dot(a: Vector, b: Vector, trials: number | undefined): Node {
  if (trials === undefined) return inner(a, b);
  return dotOfSlices(a, b, 1);
}

/** The smallest float32 of full precision, and so with a finite inverse. */
export const smallestNormal = 2 ** -126;

/**
 * |a|: a scalar, or with `trials` one value per trial. Divided by its largest element before it is squared, so that no
 * length that float32 can hold vanishes or overflows on the way.
 */
export function norm(a: Vector, trials: number | undefined): Node {
  const batchAxes = trials === undefined ? 0 : 1;
  const largest = a
    .map((x) => reduceMax(abs(x), [...x.shape.keys()].slice(batchAxes)))
    .reduce((most, each) => maximum(most, each), zeros(trials === undefined ? [] : [trials]));
  const unit = maximum(largest, smallestNormal);
  const parts = scaled(div(1, unit), a);
  return mul(unit, sqrt(dot(parts, parts, trials)));
}

/**
 * A vector in units in which no element is greater than 1, so that squares of them do not overflow: |a| is unit
 * |parts|. The unit, at least `least`, has one value for every slice along the first `batchAxes` axes. No length
 * depends on it, so it is a constant for derivatives.
 */
export function inUnits(a: Vector, least: number, batchAxes: number): { readonly unit: Node; readonly parts: Vector } {
  const largest = a.map((x) => reduceMax(abs(x), [...x.shape.keys()].slice(batchAxes))).reduce((x, y) => maximum(x, y));
  const unit = stopGradient(maximum(largest, least));
  return { unit, parts: a.map((x) => div(x, spread(unit, x.shape.length))) };
}

/** <a, b> over all axes but the first `batchAxes`, along which a vector without some of them is the same everywhere. */
export function dotOfSlices(a: Vector, b: Vector, batchAxes: number): Node {
  return zip(a, b, (x, y) => {
    const product = mul(x, y);
    return reduceSum(product, [...product.shape.keys()].slice(batchAxes));
  }).reduce(add);
}
