import { elementCount, rowMajorStrides, type Shape } from '../../tensor.js';
import type { Op, Value } from '../op.js';
import { mismatch, one, requireAxes, requireAxis, requireDType, sizeAt, withOnes, withoutAxes } from './infer.js';
import { at, viewOffsets } from './offsets.js';
import type { AxisAttributes } from './shape.js';

export interface ReduceAttributes {
  /** The axes that are removed. */
  readonly axes: readonly number[];
}

const infer: Op<ReduceAttributes>['infer'] = (inputs, { axes }) => {
  const x = one(inputs);
  requireDType(x, ['float32']);
  requireAxes(axes, x.shape.length);
  return { dtype: 'float32', shape: withoutAxes(x.shape, axes) };
};

/** Combines all elements that share their position in the result; strides of reduced axes are 0. */
function fold(
  x: Value,
  axes: readonly number[],
  shape: Shape,
  start: number,
  combine: (a: number, b: number) => number,
): Float64Array {
  const result = new Float64Array(elementCount(shape)).fill(start);
  const kept = rowMajorStrides(withOnes(x.shape, axes));
  const strides = kept.map((stride, axis) => (axes.includes(axis) ? 0 : stride));
  viewOffsets(x.shape, strides).forEach((offset, index) => {
    result[offset] = combine(at(result, offset), at(x.data, index));
  });
  return result;
}

export const reduceSum: Op<ReduceAttributes> = {
  infer,
  evaluate: (inputs, { axes }, { shape }) => fold(one(inputs), axes, shape, 0, (a, b) => a + b),
};

/** Propagates NaN. */
export const reduceMax: Op<ReduceAttributes> = {
  infer,
  evaluate: (inputs, { axes }, { shape }) => fold(one(inputs), axes, shape, -Infinity, Math.max),
};

export const argMax: Op<AxisAttributes> = {
  infer(inputs, { axis }) {
    const x = one(inputs);
    requireDType(x, ['float32']);
    requireAxis(axis, x.shape.length);
    if (x.shape[axis] === 0) throw mismatch(`Expected axis ${axis} to have at least one element.`);
    return { dtype: 'int64', shape: withoutAxes(x.shape, [axis]) };
  },
  evaluate(inputs, { axis }, { shape }) {
    const x = one(inputs);
    const strides = rowMajorStrides(x.shape);
    const step = sizeAt(strides, axis);
    const size = sizeAt(x.shape, axis);
    return viewOffsets(shape, withoutAxes(strides, [axis])).map((start) => {
      let best = 0;
      for (let index = 1; index < size; index++) {
        const champion = at(x.data, start + best * step);
        const candidate = at(x.data, start + index * step);
        if (!Number.isNaN(champion) && !(candidate <= champion)) best = index;
      }
      return best;
    });
  },
};
