import type { DType } from '../../tensor.js';
import type { NoAttributes, Op } from '../op.js';
import { one, requireDType } from './infer.js';
import * as numbers from './numbers.js';

function elementwise(allowed: readonly DType[], of: (x: number) => number): Op<NoAttributes> {
  return {
    infer(inputs) {
      const x = one(inputs);
      requireDType(x, allowed);
      return { dtype: x.dtype, shape: x.shape };
    },
    evaluate: (inputs, _attributes, { dtype }) => one(inputs).data.map((x) => numbers.convert(of(x), dtype)),
  };
}

function numeric(of: (x: number) => number): Op<NoAttributes> {
  return elementwise(['float32', 'int32', 'int64'], of);
}

function real(of: (x: number) => number): Op<NoAttributes> {
  return elementwise(['float32'], of);
}

export const neg = numeric((x) => -x);
export const abs = numeric(Math.abs);
export const sign = numeric(Math.sign);

export const exp = real(Math.exp);
export const log = real(Math.log);
export const sqrt = real(Math.sqrt);
export const tanh = real(Math.tanh);
export const sigmoid = real(numbers.sigmoid);
export const erf = real(numbers.erf);
export const relu = real((x) => (x > 0 || Number.isNaN(x) ? x : 0));
/** log(1 + exp(x)), written so that large x neither overflow nor lose digits. */
export const softplus = real(numbers.softplus);
export const sin = real(Math.sin);
export const cos = real(Math.cos);
export const floor = real(Math.floor);
export const ceil = real(Math.ceil);
/** To the nearest integer, ties to even. */
export const round = real(numbers.roundHalfToEven);

export const not = elementwise(['bool'], (x) => 1 - x);

/** The value itself, seen as a constant by derivatives. */
export const stopGradient = elementwise(['float32', 'int32', 'int64', 'bool'], (x) => x);

export interface CastAttributes {
  readonly dtype: DType;
}

/** Conversion of every element: to bool, non-zero gives 1; to an integer, truncation towards zero. */
export const cast: Op<CastAttributes> = {
  infer: (inputs, { dtype }) => ({ dtype, shape: one(inputs).shape }),
  evaluate: (inputs, { dtype }) => one(inputs).data.map((x) => numbers.convert(x, dtype)),
};
