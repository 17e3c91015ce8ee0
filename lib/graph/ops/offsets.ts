import { elementCount, rowMajorStrides, type Shape, sameShape } from '../../tensor.js';
import type { Value } from '../op.js';

/**
 * Where a strided view's elements lie: `start + sum(index[d] * strides[d])` for every index of `shape` in row-major
 * order.
 */
export function viewOffsets(shape: Shape, strides: readonly number[], start = 0): Float64Array {
  const offsets = new Float64Array(elementCount(shape));
  if (offsets.length === 0) return offsets;
  offsets[0] = start;
  let filled = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const size = shape[axis] ?? 1;
    const stride = strides[axis] ?? 0;
    for (let index = 1; index < size; index++) {
      for (let inner = 0; inner < filled; inner++)
        offsets[index * filled + inner] = at(offsets, inner) + index * stride;
    }
    filled *= size;
  }
  return offsets;
}

/** The elements of `data` at `offsets`. */
export function pick(data: Float64Array, offsets: Float64Array): Float64Array {
  return offsets.map((offset) => at(data, offset));
}

/** The elements of a value stretched to `shape` by NumPy's broadcasting rule. */
export function broadcastData(value: Value, shape: Shape): Float64Array {
  if (sameShape(value.shape, shape)) return value.data;
  const own = rowMajorStrides(value.shape);
  const missing = shape.length - value.shape.length;
  const strides = shape.map((_, axis) => (value.shape[axis - missing] === 1 ? 0 : (own[axis - missing] ?? 0)));
  return pick(value.data, viewOffsets(shape, strides));
}

/** Element `index`, which the caller knows to exist. */
export function at(data: Float64Array, index: number): number {
  return data[index] as number;
}
