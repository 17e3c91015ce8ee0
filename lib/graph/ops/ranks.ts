import type { NoAttributes, Op } from '../op.js';
import { one, requireAxis, requireDType } from './infer.js';
import type { AxisAttributes } from './shape.js';

/** A value as it is, marked: ranks that compute together may each take a part of what the axis counts. */
export const shardable: Op<AxisAttributes> = {
  infer(inputs, { axis }) {
    const { dtype, shape } = one(inputs);
    requireAxis(axis, shape.length);
    return { dtype, shape };
  },
  evaluate: (inputs) => one(inputs).data.slice(),
};

/** The sum of what each rank has, the same on all of them. Here there is one. */
export const allReduce: Op<NoAttributes> = {
  infer(inputs) {
    const { dtype, shape } = one(inputs);
    requireDType({ dtype, shape }, ['float32']);
    return { dtype, shape };
  },
  evaluate: (inputs) => one(inputs).data.slice(),
};
