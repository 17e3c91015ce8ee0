import { dotOfSlices, inUnits, spread, type Vector } from '../../bilevel/index.js';
import { clip, div, greater, mul, sqrt, square, where } from '../../graph/index.js';

/**
 * A direction whose elements are cut at +-clipValue, and which is then shortened to clipNorm where it is longer
 * (Pascanu, Mikolov and Bengio 2013), its length taken over all of its tensors, per trial. 0 leaves it as it is.
 * Derivatives are those of the projections to a box and to a ball that this is.
 */
export function clipDirection(
  direction: Vector,
  { clipNorm, clipValue }: { readonly clipNorm: number; readonly clipValue: number },
  trials: number | undefined,
): Vector {
  const cut = clipValue === 0 ? direction : direction.map((each) => clip(each, -clipValue, clipValue));
  if (clipNorm === 0) return cut;
  const batchAxes = trials === undefined ? 0 : 1;
  const { unit, parts } = inUnits(cut, clipNorm, batchAxes);
  const squared = dotOfSlices(parts, parts, batchAxes);
  const outside = greater(squared, square(div(clipNorm, unit)));
  // Where nothing is shortened, where the length may be 0, 1 stands for it: a root of 0 has no derivative.
  const factor = where(outside, div(clipNorm, mul(unit, sqrt(where(outside, squared, 1)))), 1);
  return cut.map((each) => mul(spread(factor, each.shape.length), each));
}
