import { types } from 'node:util';
import { BilevelError, describe, invalidArgument } from '../../errors.js';
import { clip, constant, type Operand } from '../../graph/index.js';
import { sameShape, Tensor, unravel } from '../../tensor.js';
import { type ConvexSet, describeTensor, type End, misfit } from './set.js';

/**
 * { x : low <= x_i <= high for every element }. An end is one number for all elements, or a float32 tensor of the shape
 * of the variable (of a row within `rows`), which is copied; a number in it may be infinite too. At an end itself the
 * derivative of the projection is 1.
 * @throws INVALID_ARGUMENT unless some float32 number lies between the ends of every element; SHAPE_MISMATCH for two
 *   tensors of different shapes
 */
export function box(low: number | Tensor, high: number | Tensor): ConvexSet {
  const ends = [checkedEnd(low), checkedEnd(high)] as const;
  checkEnds(...ends);
  const shape = ends.find((end) => end instanceof Tensor)?.shape;
  const texts = ends.map((end) => (end instanceof Tensor ? describeTensor(end) : String(end)));
  const description = `box(${texts.join(', ')})`;
  const [below, above] = ends.map(endOperand);
  return Object.freeze<ConvexSet>({
    name: 'box',
    description,
    rowwise: shape === undefined,
    ends,
    project: (value) => clip(value, below, above),
    check(what, given) {
      if (shape === undefined || sameShape(shape, given)) return;
      throw misfit(what, { description }, `the shape of its ends, [${shape.join(', ')}],`, given);
    },
  });
}

/** The end for the element at a position, in row-major order, of a variable or of several in a row. */
export const endAt = (end: End, position: number): number =>
  end instanceof Tensor ? Number(end.data[position % end.size]) : Math.fround(end);

/** An end in a graph. */
export const endOperand = (end: End): Operand => (end instanceof Tensor ? constant(end) : end);

/** A number, or a copy of a float32 tensor. @throws INVALID_ARGUMENT */
function checkedEnd(end: unknown): End {
  if (typeof end === 'number') return end;
  if (end instanceof Tensor && types.isFloat32Array(end.data)) return end.clone();
  const received = end instanceof Tensor ? end.dtype : end;
  throw invalidArgument('the ends of box', 'numbers or float32 tensors low <= high', received);
}

function checkEnds(low: End, high: End): void {
  if (typeof low === 'number' && typeof high === 'number') {
    if (low <= high && Math.fround(low) < Infinity && Math.fround(high) > -Infinity) return;
    throw invalidArgument('the ends of box', 'numbers low <= high with a float32 number between', [low, high]);
  }
  if (low instanceof Tensor && high instanceof Tensor && !sameShape(low.shape, high.shape)) {
    const received = `[${low.shape.join(', ')}] and [${high.shape.join(', ')}]`;
    throw new BilevelError('SHAPE_MISMATCH', `Expected ends of one shape for box but received the shapes ${received}.`);
  }
  const { shape, size } = low instanceof Tensor ? low : (high as Tensor);
  for (let position = 0; position < size; position++) {
    const [from, to] = [endAt(low, position), endAt(high, position)];
    if (from <= to && from < Infinity && to > -Infinity) continue;
    throw new BilevelError(
      'INVALID_ARGUMENT',
      `Expected low <= high with a float32 number between for the ends of box but received ${describe([from, to])} for ` +
        `element [${unravel(position, shape).join(', ')}].`,
    );
  }
}
