import { int64s, type TestTensor, tensor } from '../builder.js';
import { type OperatorCase, random } from '../operator-case.js';

/** Opsets at which operators that changed little are checked. */
export const every = [7, 9, 13, 17, 21, 24];

export function scalar(value: number): TestTensor {
  return tensor([value], []);
}

export function ints(value: number): TestTensor {
  return int64s([value], []);
}

/** The same case of several operators of one input. */
export function unary(ops: readonly string[], x: TestTensor, opsets: readonly number[] = every): OperatorCase[] {
  return ops.map((op) => ({ op, opsets, inputs: [x] }));
}

export function binary(
  ops: readonly string[],
  a: TestTensor,
  b: TestTensor,
  opsets: readonly number[] = every,
): OperatorCase[] {
  return ops.map((op) => ({ op, opsets, inputs: [a, b] }));
}

export const image = random([2, 3, 7, 6]);
export const signal = random([2, 3, 9]);
export const volume = random([2, 2, 5, 4, 6]);
