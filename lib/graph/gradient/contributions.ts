import { add } from '../functions/elementwise.js';
import { concat, zeros } from '../functions/shape.js';
import { isOp, type Node, type NodeOf } from '../node.js';

/** A contribution to part of one axis; zero elsewhere. */
interface Piece {
  readonly value: Node;
  readonly start: number;
  readonly stop: number;
}

/**
 * The sum of what the users of a node contribute to its derivative. What users of slices give comes padded with zeros;
 * such pieces of one axis that do not overlap are laid end to end, which costs one pass over memory instead of one for
 * each.
 */
export function sumContributions(contributions: readonly [Node, ...Node[]]): Node {
  const pads = contributions.filter((node) => isOp(node, 'pad'));
  const [first] = pads;
  const axis = first === undefined ? undefined : paddedAxis(first);
  if (axis === undefined) return contributions.reduce(add);
  const pieces = pads.filter((node) => paddedAxis(node) === axis).map((node) => pieceOf(node, axis));
  pieces.sort((a, b) => a.start - b.start);
  const overlap = pieces.some(({ stop }, index) => stop > (pieces[index + 1]?.start ?? Infinity));
  if (overlap || pieces.length < 2) return contributions.reduce(add);
  const others = contributions.filter((node) => !isOp(node, 'pad') || paddedAxis(node) !== axis);
  return [layOut(pieces, contributions[0].shape, axis), ...others].reduce(add);
}

/** The only axis along which zeros are put around the operand, if it is one. */
function paddedAxis(node: NodeOf<'pad'>): number | undefined {
  const { low, high, interior } = node.attributes;
  const padded = low.flatMap((size, axis) => (size > 0 || (high[axis] ?? 0) > 0 ? [axis] : []));
  return padded.length === 1 && interior.every((gap) => gap === 0) ? padded[0] : undefined;
}

function pieceOf(node: NodeOf<'pad'>, axis: number): Piece {
  const [value] = node.inputs as [Node];
  const start = node.attributes.low[axis] ?? 0;
  return { value, start, stop: start + (value.shape[axis] ?? 0) };
}

/** The pieces in their places along the axis, with zeros between them. */
function layOut(pieces: readonly Piece[], shape: readonly number[], axis: number): Node {
  const parts: Node[] = [];
  let end = 0;
  const fillTo = (position: number): void => {
    if (position > end) parts.push(zeros(shape.with(axis, position - end)));
  };
  for (const { value, start, stop } of pieces) {
    fillTo(start);
    parts.push(value);
    end = stop;
  }
  fillTo(shape[axis] ?? 0);
  return concat(parts, axis);
}
