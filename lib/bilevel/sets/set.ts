import { createHash } from 'node:crypto';
import { BilevelError, invalidArgument } from '../../errors.js';
import type { Node } from '../../graph/index.js';
import { formatType, type Shape, type Tensor } from '../../tensor.js';

/** An end of a box: one number for every element, or each element's own. */
export type End = number | Tensor;

/** A closed convex set of tensors, that a variable is projected to after every step. */
export interface ConvexSet {
  readonly name: string;
  /**
   * As it is stated, for messages and saved configurations: `box(-5, 5)`. A tensor stands there with its type and a
   * digest of its elements, so that equal descriptions are equal sets.
   */
  readonly description: string;
  /**
   * Whether every row, along the first axis of a variable, is projected by itself and in the same way, so that the rows
   * of a batch can be projected alone.
   */
  readonly rowwise: boolean;
  /** Of a box: what every element lies between. */
  readonly ends?: readonly [low: End, high: End];
  /**
   * The nearest point of the set, in the Euclidean norm, to every slice of `value` beyond its first `batchAxes` axes: a
   * graph of float32, whose derivative is that of the projection wherever there is one.
   */
  project(value: Node, batchAxes: number): Node;
  /**
   * As `project`, to the part of the set in a box with these ends; undefined where no way but an iteration is known.
   * Only of sets that know one for some box.
   */
  readonly projectInBox?: (ends: readonly [low: End, high: End]) => ConvexSet['project'] | undefined;
  /**
   * @param what the variable, for messages
   * @param shape without batch axes
   * @throws SHAPE_MISMATCH when the set holds no tensors of that shape
   */
  check(what: string, shape: Shape): void;
}

/** Refuses what is no set. @throws INVALID_ARGUMENT */
export function checkSet(what: string, set: unknown): asserts set is ConvexSet {
  const isSet =
    typeof set === 'object' &&
    set !== null &&
    ['description', 'rowwise', 'project', 'check'].every((member) => member in set);
  if (!isSet) throw invalidArgument(what, 'a set such as sets.box(0, 1) or sets.simplex()', set);
}

/** A radius or total: it must stay a positive number when it is rounded to float32. @throws INVALID_ARGUMENT */
export function checkSize(what: string, size: number): void {
  const rounded = typeof size === 'number' ? Math.fround(size) : 0;
  if (!(rounded > 0 && rounded < Infinity)) throw invalidArgument(what, 'a positive number within float32', size);
}

/** The axes of a slice beyond the batch axes. */
export function sliceAxes({ shape }: Node, batchAxes: number): number[] {
  return [...shape.keys()].slice(batchAxes);
}

/** `float32[3] #1f0a33c2`: two tensors are described alike when type and elements are equal. */
export function describeTensor(tensor: Tensor): string {
  const { buffer, byteOffset, byteLength } = tensor.data;
  const digest = createHash('sha256')
    .update(new Uint8Array(buffer, byteOffset, byteLength))
    .digest('hex');
  return `${formatType(tensor)} #${digest.slice(0, 8)}`;
}

export function misfit(
  what: string,
  set: Pick<ConvexSet, 'description'>,
  expected: string,
  shape: Shape,
): BilevelError {
  return new BilevelError(
    'SHAPE_MISMATCH',
    `The set ${set.description} of ${what} needs ${expected} but the shape is [${shape.join(', ')}].`,
  );
}
