import type { DType, TensorType } from '../../tensor.js';
import type { NoAttributes, Op } from '../op.js';
import { broadcastShapes, requireDType, requireSameDType, three, two } from './infer.js';
import { convert, multiplyIntegers } from './numbers.js';
import { at, broadcastData } from './offsets.js';

type Scalar = (a: number, b: number, dtype: DType) => number;

const all: readonly DType[] = ['float32', 'int32', 'int64', 'bool'];
const numeric: readonly DType[] = ['float32', 'int32', 'int64'];

function broadcasting(allowed: readonly DType[], result: 'same' | 'bool', of: Scalar): Op<NoAttributes> {
  return {
    infer(inputs) {
      const [a, b] = two<TensorType>(inputs);
      requireDType(a, allowed, 'the first operand');
      requireSameDType(a, b);
      return { dtype: result === 'bool' ? 'bool' : a.dtype, shape: broadcastShapes(a.shape, b.shape) };
    },
    evaluate(inputs, _attributes, { shape, dtype }) {
      const [a, b] = two(inputs);
      const bData = broadcastData(b, shape);
      return broadcastData(a, shape).map((value, index) => convert(of(value, at(bData, index), a.dtype), dtype));
    },
  };
}

export const add = broadcasting(numeric, 'same', (a, b) => a + b);
export const sub = broadcasting(numeric, 'same', (a, b) => a - b);
export const mul = broadcasting(numeric, 'same', (a, b, dtype) =>
  dtype === 'float32' ? a * b : multiplyIntegers(a, b, dtype),
);
/** Integer division truncates; by zero it gives 0. */
export const div = broadcasting(numeric, 'same', (a, b, dtype) =>
  dtype === 'float32' ? a / b : b === 0 ? 0 : Math.trunc(a / b),
);
export const pow = broadcasting(['float32'], 'same', (a, b) => a ** b);
/** Propagates NaN. */
export const maximum = broadcasting(numeric, 'same', (a, b) => Math.max(a, b));
/** Propagates NaN. */
export const minimum = broadcasting(numeric, 'same', (a, b) => Math.min(a, b));

export const equal = broadcasting(all, 'bool', (a, b) => Number(a === b));
export const notEqual = broadcasting(all, 'bool', (a, b) => Number(a !== b));
export const less = broadcasting(numeric, 'bool', (a, b) => Number(a < b));
export const lessEqual = broadcasting(numeric, 'bool', (a, b) => Number(a <= b));
export const greater = broadcasting(numeric, 'bool', (a, b) => Number(a > b));
export const greaterEqual = broadcasting(numeric, 'bool', (a, b) => Number(a >= b));
export const and = broadcasting(['bool'], 'bool', (a, b) => a * b);
export const or = broadcasting(['bool'], 'bool', (a, b) => Math.max(a, b));

/** a where the condition holds, else b; all three broadcast. */
export const where: Op<NoAttributes> = {
  infer(inputs) {
    const [condition, a, b] = three<TensorType>(inputs);
    requireDType(condition, ['bool'], 'the condition');
    requireSameDType(a, b);
    return { dtype: a.dtype, shape: broadcastShapes(condition.shape, a.shape, b.shape) };
  },
  evaluate(inputs, _attributes, { shape }) {
    const [condition, a, b] = three(inputs);
    const aData = broadcastData(a, shape);
    const bData = broadcastData(b, shape);
    return broadcastData(condition, shape).map((holds, index) => at(holds === 0 ? bData : aData, index));
  },
};
