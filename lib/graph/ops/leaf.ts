import { invalidArgument } from '../../errors.js';
import { checkDType, checkShape, type DType, elementCount, type Shape } from '../../tensor.js';
import type { Op } from '../op.js';
import { requireShape } from './infer.js';
import { canHold, constantElements } from './numbers.js';

export interface InputAttributes {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A value that is bound when the graph is run. */
export const input: Op<InputAttributes> = {
  infer(_inputs, { name, dtype, shape }) {
    if (typeof name !== 'string' || name === '') throw invalidArgument('name', 'a name that is not empty', name);
    checkShape(shape);
    checkDType(dtype);
    return { dtype, shape };
  },
  evaluate(_inputs, { name }) {
    throw invalidArgument(`input ${JSON.stringify(name)}`, 'a value in feeds', undefined);
  },
};

export interface ConstantAttributes {
  readonly dtype: DType;
  readonly shape: Shape;
  /** Row-major elements; float32 constants keep the float64 value they were written with until they are encoded. */
  readonly data: Float64Array;
}

/** A value known when the graph is written. */
export const constant: Op<ConstantAttributes> = {
  infer(_inputs, { dtype, shape, data }) {
    checkShape(shape);
    checkDType(dtype);
    requireShape([data.length], [elementCount(shape)], 'the row-major elements');
    if (!canHold(data, dtype))
      throw invalidArgument('data', `only ${constantElements[dtype]} in a ${dtype} constant`, data);
    return { dtype, shape };
  },
  evaluate: (_inputs, { data }) => data,
};
