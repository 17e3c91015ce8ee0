import { BilevelError, invalidArgument } from '../../errors.js';
import { type DType, type Shape, sameShape, type TensorType } from '../../tensor.js';

function checkArity(inputs: readonly unknown[], count: number): void {
  if (inputs.length !== count) throw invalidArgument('operands', `${count} operand(s)`, inputs);
}

/** The only operand of an op. */
export function one<T>(inputs: readonly T[]): T {
  checkArity(inputs, 1);
  return inputs[0] as T;
}

/** Both operands of an op. */
export function two<T>(inputs: readonly T[]): readonly [T, T] {
  checkArity(inputs, 2);
  return inputs as readonly T[] as readonly [T, T];
}

/** The three operands of an op. */
export function three<T>(inputs: readonly T[]): readonly [T, T, T] {
  checkArity(inputs, 3);
  return inputs as readonly T[] as readonly [T, T, T];
}

/** The four operands of an op. */
export function four<T>(inputs: readonly T[]): readonly [T, T, T, T] {
  checkArity(inputs, 4);
  return inputs as readonly T[] as readonly [T, T, T, T];
}

export function mismatch(message: string): BilevelError {
  return new BilevelError('SHAPE_MISMATCH', message);
}

export function requireDType(type: TensorType, allowed: readonly DType[], operand = 'the operand'): void {
  if (!allowed.includes(type.dtype)) {
    throw mismatch(`Expected ${operand} to be ${allowed.join(' or ')} but received ${type.dtype}.`);
  }
}

export function requireSameDType(a: TensorType, b: TensorType): void {
  if (a.dtype !== b.dtype) throw mismatch(`Expected operands of one dtype but received ${a.dtype} and ${b.dtype}.`);
}

export function requireShape(received: Shape, expected: Shape, what: string): void {
  if (!sameShape(received, expected)) {
    throw mismatch(
      `Expected ${what} to have the shape [${expected.join(', ')}] but received [${received.join(', ')}].`,
    );
  }
}

/** Throws unless `axis` is one of `rank` dimensions, counted from 0. */
export function requireAxis(axis: number, rank: number): void {
  if (!Number.isInteger(axis) || axis < 0 || axis >= rank) {
    throw invalidArgument('axis', `an axis of a tensor with ${rank} dimension(s), counted from 0`, axis);
  }
}

/** Throws unless `axes` are different dimensions of a tensor of rank `rank`. */
export function requireAxes(axes: readonly number[], rank: number): void {
  for (const axis of axes) requireAxis(axis, rank);
  if (new Set(axes).size !== axes.length) throw invalidArgument('axes', 'different axes', `[${axes.join(', ')}]`);
}

/** Throws unless `values` holds `count` integers that are at least `least`. */
export function requireIntegers(values: readonly number[], count: number, least: number, parameter: string): void {
  if (
    !Array.isArray(values) ||
    values.length !== count ||
    !values.every((value) => Number.isSafeInteger(value) && value >= least)
  ) {
    throw invalidArgument(parameter, `${count} integer(s) of at least ${least}`, values);
  }
}

/** The size at `axis`, which is known to exist. */
export function sizeAt(shape: Shape, axis: number): number {
  const size = shape[axis];
  if (size === undefined) throw mismatch(`The shape [${shape.join(', ')}] has no axis ${axis}.`);
  return size;
}

/** The common shape under NumPy's broadcasting rule: sizes are aligned at the last axis, and 1 stretches. */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    let common = 1;
    for (const shape of shapes) {
      const size = shape[axis - (rank - shape.length)] ?? 1;
      if (size === common || size === 1) continue;
      if (common !== 1) {
        throw mismatch(`The shapes ${shapes.map((each) => `[${each.join(', ')}]`).join(' and ')} do not broadcast.`);
      }
      common = size;
    }
    return common;
  });
}

/** The shape without the given axes. */
export function withoutAxes(shape: Shape, axes: readonly number[]): Shape {
  return shape.filter((_, axis) => !axes.includes(axis));
}

/** The shape with the given axes set to 1. */
export function withOnes(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
}

/** Distance covered by `count` elements `step` apart. */
export function span(count: number, step: number): number {
  return count === 0 ? 0 : (count - 1) * step + 1;
}
