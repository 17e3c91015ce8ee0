import type { TensorType } from '../tensor.js';

/** A value during reference evaluation: row-major elements in float64, whatever the dtype (bool is 0 or 1). */
export interface Value extends TensorType {
  readonly data: Float64Array;
}

/**
 * One row of the op table: what a primitive computes. Its derivative and its batching rule stand in gradient/ and
 * vectorize/.
 */
export interface Op<A> {
  /** Result type; throws SHAPE_MISMATCH or INVALID_ARGUMENT with what was expected and received. */
  infer(inputs: readonly TensorType[], attributes: A): TensorType;
  /** The obvious computation in float64; folds constants and is the reference of every native kernel. */
  evaluate(inputs: readonly Value[], attributes: A, type: TensorType): Float64Array;
}

export interface NoAttributes {
  readonly [key: string]: never;
}
