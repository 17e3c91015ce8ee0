import type { TensorType } from '../tensor.js';
import type { Node } from './node.js';

/** A value during reference evaluation: row-major elements in float64, whatever the dtype (bool is 0 or 1). */
export interface Value extends TensorType {
  readonly data: Float64Array;
}

/**
 * The reverse rule: given the node and the gradient with respect to its value, the gradient with respect to each input,
 * built from primitives. `wanted[i]` is false when input i leads to no variable; its entry may then be undefined.
 */
export type GradientRule<A> = (
  node: Node & { readonly attributes: A },
  outputGradient: Node,
  wanted: readonly boolean[],
) => readonly (Node | undefined)[];

/**
 * One row of the op table: the whole meaning of a primitive. The set is closed under differentiation, so a gradient of
 * a gradient needs no rules of its own. `gradient: 'none'` says that the value is piecewise constant or not numeric, and
 * that derivatives through it are zero.
 */
export interface Op<A> {
  /** Result type; throws SHAPE_MISMATCH or INVALID_ARGUMENT with what was expected and received. */
  infer(inputs: readonly TensorType[], attributes: A): TensorType;
  /** The obvious computation in float64; folds constants and is the reference of every native kernel. */
  evaluate(inputs: readonly Value[], attributes: A, type: TensorType): Float64Array;
  readonly gradient: GradientRule<A> | 'none';
}

export interface NoAttributes {
  readonly [key: string]: never;
}
