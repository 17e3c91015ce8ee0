import { broadcastTo, transpose } from '../functions/shape.js';
import type { Node } from '../node.js';

/** An operand at `count` points: [count, ...shape] when stacked, else one value of its own shape for all of them. */
export interface Operand {
  readonly node: Node;
  readonly stacked: boolean;
}

/**
 * The batching rule of a primitive: its values at all points, [count, ...node.shape], from operands of which at least
 * one is stacked. `node` is the primitive at a single point.
 */
export type Rule<A> = (node: Node & { readonly attributes: A }, operands: readonly Operand[], count: number) => Node;

/** The operand with its own value for every point. */
export function stack({ node, stacked }: Operand, count: number): Node {
  return stacked ? node : broadcastTo(node, [count, ...node.shape]);
}

/** x with `length` neighbouring axes taken out and put in again at position `to` of those that are left. */
export function moveAxes(x: Node, from: number, to: number, length = 1): Node {
  const axes = [...x.shape.keys()];
  const moved = axes.splice(from, length);
  return transpose(x, axes.toSpliced(to, 0, ...moved));
}
