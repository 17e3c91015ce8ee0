import { BilevelError } from '../../errors.js';
import { elementCount, type Shape, type TensorType } from '../../tensor.js';
import type { NoAttributes, Op, Value } from '../op.js';
import {
  mismatch,
  requireAxis,
  requireDType,
  requireIntegers,
  requireSameDType,
  requireShape,
  sizeAt,
  three,
  two,
} from './infer.js';
import { at } from './offsets.js';
import type { AxisAttributes } from './shape.js';

export interface ScatterAddAttributes {
  readonly axis: number;
  /** Size of that axis in the result. */
  readonly size: number;
}

export interface ScatterAddElementsAttributes {
  /** Size of the last axis in the result. */
  readonly size: number;
}

function requireIndices(type: TensorType): void {
  requireDType(type, ['int32', 'int64'], 'indices');
}

function checkedIndices(indices: Value, size: number): Float64Array {
  const outside = indices.data.find((index) => index < 0 || index >= size);
  if (outside === undefined) return indices.data;
  throw new BilevelError('INDEX_OUT_OF_RANGE', `The index ${outside} is not one of 0 to ${size - 1}.`);
}

/** Calls `visit(whole, part)` for the flat positions of whole[o, indices[j], i] and part[o, j, i]. */
function forEachSelected(
  whole: Shape,
  axis: number,
  indices: Float64Array,
  visit: (whole: number, part: number) => void,
): void {
  const outer = elementCount(whole.slice(0, axis));
  const size = sizeAt(whole, axis);
  const inner = elementCount(whole.slice(axis + 1));
  for (let o = 0; o < outer; o++) {
    indices.forEach((index, j) => {
      for (let i = 0; i < inner; i++) visit((o * size + index) * inner + i, (o * indices.length + j) * inner + i);
    });
  }
}

/** Calls `visit(whole, part)` for the flat positions of whole[r, indices[r, j]] and part[r, j]. */
function forEachElement(size: number, indices: Value, visit: (whole: number, part: number) => void): void {
  const count = sizeAt(indices.shape, indices.shape.length - 1);
  checkedIndices(indices, size).forEach((index, part) => {
    visit(Math.floor(part / count) * size + index, part);
  });
}

/** Slices of x along `axis`: the axis is replaced by the dimensions of indices. */
export const gather: Op<AxisAttributes> = {
  infer(inputs, { axis }) {
    const [x, indices] = two<TensorType>(inputs);
    requireIndices(indices);
    requireAxis(axis, x.shape.length);
    return { dtype: x.dtype, shape: [...x.shape.slice(0, axis), ...indices.shape, ...x.shape.slice(axis + 1)] };
  },
  evaluate(inputs, { axis }, { shape }) {
    const [x, indices] = two(inputs);
    const result = new Float64Array(elementCount(shape));
    forEachSelected(x.shape, axis, checkedIndices(indices, sizeAt(x.shape, axis)), (whole, part) => {
      result[part] = at(x.data, whole);
    });
    return result;
  },
};

/** The transpose of gather: adds each slice of updates to zeros at its index. */
export const scatterAdd: Op<ScatterAddAttributes> = {
  infer(inputs, { axis, size }) {
    const [updates, indices] = two<TensorType>(inputs);
    requireDType(updates, ['float32'], 'updates');
    requireIndices(indices);
    requireIntegers([size], 1, 0, 'size');
    const rank = updates.shape.length - indices.shape.length + 1;
    if (rank < 1) throw mismatch('Expected updates to have the dimensions of indices.');
    requireAxis(axis, rank);
    const end = axis + indices.shape.length;
    requireShape(updates.shape.slice(axis, end), indices.shape, `updates from axis ${axis}`);
    return { dtype: 'float32', shape: [...updates.shape.slice(0, axis), size, ...updates.shape.slice(end)] };
  },
  evaluate(inputs, { axis, size }, { shape }) {
    const [updates, indices] = two(inputs);
    const result = new Float64Array(elementCount(shape));
    forEachSelected(shape, axis, checkedIndices(indices, size), (whole, part) => {
      result[whole] = at(result, whole) + at(updates.data, part);
    });
    return result;
  },
};

/** Leading dimensions agree; the last axis of x is indexed by the last axis of indices. */
function requireRows(x: TensorType, indices: TensorType, operand: string): void {
  requireIndices(indices);
  if (x.shape.length === 0 || indices.shape.length === 0)
    throw mismatch('Expected operands of at least one dimension.');
  requireShape(
    indices.shape.slice(0, -1),
    x.shape.slice(0, -1),
    `the leading dimensions of indices, as of ${operand},`,
  );
}

/** y[..., j] = x[..., indices[..., j]]. */
export const gatherElements: Op<NoAttributes> = {
  infer(inputs) {
    const [x, indices] = two<TensorType>(inputs);
    requireRows(x, indices, 'x');
    return { dtype: x.dtype, shape: indices.shape };
  },
  evaluate(inputs, _attributes, { shape }) {
    const [x, indices] = two(inputs);
    const result = new Float64Array(elementCount(shape));
    forEachElement(sizeAt(x.shape, x.shape.length - 1), indices, (whole, part) => {
      result[part] = at(x.data, whole);
    });
    return result;
  },
};

/** The transpose of gatherElements: y[..., indices[..., j]] += updates[..., j] over zeros. */
export const scatterAddElements: Op<ScatterAddElementsAttributes> = {
  infer(inputs, { size }) {
    const [updates, indices] = two<TensorType>(inputs);
    requireDType(updates, ['float32'], 'updates');
    requireIndices(indices);
    requireShape(indices.shape, updates.shape, 'indices');
    requireIntegers([size], 1, 0, 'size');
    if (updates.shape.length === 0) throw mismatch('Expected operands of at least one dimension.');
    return { dtype: 'float32', shape: [...updates.shape.slice(0, -1), size] };
  },
  evaluate(inputs, { size }, { shape }) {
    const [updates, indices] = two(inputs);
    const result = new Float64Array(elementCount(shape));
    forEachElement(size, indices, (whole, part) => {
      result[whole] = at(result, whole) + at(updates.data, part);
    });
    return result;
  },
};

/** target with rows target[indices[j]] = rows[j], in order: of repeated indices the last one stays. */
export const setRows: Op<NoAttributes> = {
  infer(inputs) {
    const [target, indices, rows] = three<TensorType>(inputs);
    requireIndices(indices);
    requireSameDType(target, rows);
    if (target.shape.length === 0 || indices.shape.length !== 1) {
      throw mismatch('Expected a target of at least one dimension and a list of indices.');
    }
    requireShape(rows.shape, [...indices.shape, ...target.shape.slice(1)], 'rows');
    return { dtype: target.dtype, shape: target.shape };
  },
  evaluate(inputs) {
    const [target, indices, rows] = three(inputs);
    const result = target.data.slice();
    forEachSelected(target.shape, 0, checkedIndices(indices, sizeAt(target.shape, 0)), (whole, part) => {
      result[whole] = at(rows.data, part);
    });
    return result;
  },
};
