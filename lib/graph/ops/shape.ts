import { checkShape, elementCount, rowMajorStrides, type Shape, sameShape } from '../../tensor.js';
import type { Op } from '../op.js';
import { broadcastShapes, mismatch, one, requireAxes, requireAxis, requireIntegers, sizeAt, span } from './infer.js';
import { at, broadcastData, pick, viewOffsets } from './offsets.js';

export interface ShapeAttributes {
  readonly shape: Shape;
}

export const reshape: Op<ShapeAttributes> = {
  infer(inputs, { shape }) {
    const x = one(inputs);
    checkShape(shape);
    if (elementCount(shape) !== elementCount(x.shape)) {
      throw mismatch(`${elementCount(x.shape)} element(s) do not fill the shape [${shape.join(', ')}].`);
    }
    return { dtype: x.dtype, shape };
  },
  evaluate: (inputs) => one(inputs).data,
};

export interface TransposeAttributes {
  /** Axis i of the result is axis permutation[i] of the operand. */
  readonly permutation: readonly number[];
}

export const transpose: Op<TransposeAttributes> = {
  infer(inputs, { permutation }) {
    const x = one(inputs);
    requireIntegers(permutation, x.shape.length, 0, 'permutation');
    requireAxes(permutation, x.shape.length);
    return { dtype: x.dtype, shape: permutation.map((axis) => sizeAt(x.shape, axis)) };
  },
  evaluate(inputs, { permutation }, { shape }) {
    const x = one(inputs);
    const strides = rowMajorStrides(x.shape);
    return pick(
      x.data,
      viewOffsets(
        shape,
        permutation.map((axis) => strides[axis] ?? 0),
      ),
    );
  },
};

export const broadcastTo: Op<ShapeAttributes> = {
  infer(inputs, { shape }) {
    const x = one(inputs);
    checkShape(shape);
    if (!sameShape(broadcastShapes(x.shape, shape), shape)) {
      throw mismatch(`[${x.shape.join(', ')}] does not broadcast to [${shape.join(', ')}].`);
    }
    return { dtype: x.dtype, shape };
  },
  evaluate: (inputs, { shape }) => broadcastData(one(inputs), shape),
};

export interface SliceAttributes {
  readonly starts: readonly number[];
  readonly limits: readonly number[];
  /** Positive. */
  readonly strides: readonly number[];
}

export interface PadAttributes {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Zeros between neighbours. */
  readonly interior: readonly number[];
}

export const slice: Op<SliceAttributes> = {
  infer(inputs, { starts, limits, strides }) {
    const x = one(inputs);
    const rank = x.shape.length;
    requireIntegers(starts, rank, 0, 'starts');
    requireIntegers(limits, rank, 0, 'limits');
    requireIntegers(strides, rank, 1, 'strides');
    const shape = x.shape.map((size, axis) => {
      const start = sizeAt(starts, axis);
      const limit = sizeAt(limits, axis);
      if (start > limit || limit > size) {
        throw mismatch(`The range ${start} to ${limit} does not lie within axis ${axis} of size ${size}.`);
      }
      return Math.ceil((limit - start) / sizeAt(strides, axis));
    });
    return { dtype: x.dtype, shape };
  },
  evaluate(inputs, { starts, strides }, { shape }) {
    const x = one(inputs);
    const own = rowMajorStrides(x.shape);
    const start = own.reduce((sum, stride, axis) => sum + stride * sizeAt(starts, axis), 0);
    return pick(
      x.data,
      viewOffsets(
        shape,
        own.map((stride, axis) => stride * sizeAt(strides, axis)),
        start,
      ),
    );
  },
};

export const pad: Op<PadAttributes> = {
  infer(inputs, { low, high, interior }) {
    const x = one(inputs);
    const rank = x.shape.length;
    requireIntegers(low, rank, 0, 'low');
    requireIntegers(high, rank, 0, 'high');
    requireIntegers(interior, rank, 0, 'interior');
    const shape = x.shape.map(
      (size, axis) => sizeAt(low, axis) + span(size, sizeAt(interior, axis) + 1) + sizeAt(high, axis),
    );
    checkShape(shape);
    return { dtype: x.dtype, shape };
  },
  evaluate(inputs, { low, interior }, { shape }) {
    const x = one(inputs);
    const own = rowMajorStrides(shape);
    const start = own.reduce((sum, stride, axis) => sum + stride * sizeAt(low, axis), 0);
    const strides = own.map((stride, axis) => stride * (sizeAt(interior, axis) + 1));
    const result = new Float64Array(elementCount(shape));
    viewOffsets(x.shape, strides, start).forEach((offset, index) => {
      result[offset] = at(x.data, index);
    });
    return result;
  },
};

export interface AxisAttributes {
  readonly axis: number;
}

export const concat: Op<AxisAttributes> = {
  infer(inputs, { axis }) {
    const [first, ...others] = inputs;
    if (first === undefined) throw mismatch('Expected at least one operand.');
    requireAxis(axis, first.shape.length);
    let total = sizeAt(first.shape, axis);
    for (const { dtype, shape } of others) {
      const agrees =
        shape.length === first.shape.length && shape.every((size, i) => i === axis || size === first.shape[i]);
      if (dtype !== first.dtype || !agrees) throw mismatch(`The operands differ in more than axis ${axis}.`);
      total += sizeAt(shape, axis);
    }
    return { dtype: first.dtype, shape: first.shape.with(axis, total) };
  },
  evaluate(inputs, { axis }, { shape }) {
    const result = new Float64Array(elementCount(shape));
    const strides = rowMajorStrides(shape);
    let position = 0;
    for (const x of inputs) {
      viewOffsets(x.shape, strides, position * sizeAt(strides, axis)).forEach((offset, index) => {
        result[offset] = at(x.data, index);
      });
      position += sizeAt(x.shape, axis);
    }
    return result;
  },
};
