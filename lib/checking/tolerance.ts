import type { QuantityName } from './quantities.js';
import { largest, norm } from './vectors.js';

/** Relative errors by quantity. */
export type Errors = Readonly<Partial<Record<QuantityName, number>>>;

const isOutput = (name: QuantityName): boolean => name === 'logits' || name === 'output';

/** The output must agree within 1e-5 of its largest element, all else within 1e-4 in the 2-norm. */
export function toleranceOf(name: QuantityName): number {
  return isOutput(name) ? 1e-5 : 1e-4;
}

/** Whether every error is within its tolerance. NaN is not. */
export function withinTolerance(errors: Errors): boolean {
  return (Object.entries(errors) as [QuantityName, number][]).every(([name, error]) => error <= toleranceOf(name));
}

/** Size of a quantity or of an error in it: the largest element of an output, the 2-norm of all else. */
export function sizeOf(name: QuantityName, values: Float64Array): number {
  return isOutput(name) ? largest(values) : norm(values);
}

export function ratio(a: number, b: number): number {
  return a === 0 ? 0 : a / b;
}
