import { BilevelError, checkKeys, invalidArgument } from '../../errors.js';
import { add, type Node, sub } from '../../graph/index.js';
import { sameShape, Tensor } from '../../tensor.js';
import { box, endAt } from './box.js';
import { type ConvexSet, checkSet, type End } from './set.js';

/** Options of {@link sets.intersection}. */
export interface IntersectionOptions {
  /** Cycles of Dykstra's algorithm, each with a projection to every set: an integer from 1 to 1000. 50 by default. */
  readonly cycles?: number | undefined;
}

const usualCycles = 50;

/**
 * The points that lie in all of the sets. Boxes among them are put together to one box. The projection is exact where
 * nothing but that box is left, and for the box with a simplex, or with an `l2Ball` whose center lies in it. Otherwise
 * it is that of Dykstra's algorithm (Boyle and Dykstra, "A method for finding projections
 * onto the intersections of convex sets in Hilbert spaces", 1986), from y with corrections c_i of 0 at first:
 *
 *     z = P_i(y + c_i);  c_i <- y + c_i - z;  y <- z        for every set i, over and over
 *
 * y comes to the nearest point as the cycles go on, faster the nearer it was and the less the sets are alike; it lies
 * in the last set exactly, and in the others as nearly as the cycles come. Boxes stand last.
 * @throws INVALID_ARGUMENT for what are no sets, for boxes without a common point, and for cycles; UNKNOWN_OPTION
 */
export function intersection(sets: readonly ConvexSet[], options: IntersectionOptions = {}): ConvexSet {
  if (!Array.isArray(sets) || sets.length === 0) {
    throw invalidArgument('the sets of intersection', 'an array of at least one set', sets);
  }
  for (const [index, set] of sets.entries()) checkSet(`set ${index} of intersection`, set);
  checkKeys(options, ['cycles'], 'intersection');
  const { cycles = usualCycles } = options;
  if (!Number.isSafeInteger(cycles) || cycles < 1 || cycles > 1000) {
    throw invalidArgument('cycles of intersection', 'an integer from 1 to 1000', cycles);
  }
  const parts = withOneBox(sets);
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return only;
  const exact = exactProjection(parts);
  const texts = [...parts.map((set) => set.description), ...(cycles === usualCycles ? [] : [`{ cycles: ${cycles} }`])];
  return Object.freeze<ConvexSet>({
    name: 'intersection',
    description: `intersection(${texts.join(', ')})`,
    rowwise: parts.every(({ rowwise }) => rowwise),
    project: exact ?? ((value, batchAxes) => dykstra(parts, value, batchAxes, cycles)),
    check(what, shape) {
      for (const set of parts) set.check(what, shape);
    },
  });
}

/** That to a set and a box at once, where it is known. */
function exactProjection([set, box, ...others]: readonly ConvexSet[]): ConvexSet['project'] | undefined {
  return box?.ends === undefined || others.length > 0 ? undefined : set?.projectInBox?.(box.ends);
}

function dykstra(sets: readonly ConvexSet[], value: Node, batchAxes: number, cycles: number): Node {
  const corrections: (Node | undefined)[] = sets.map(() => undefined);
  let y = value;
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const [index, set] of sets.entries()) {
      const known = corrections[index];
      const corrected = known === undefined ? y : add(y, known);
      y = set.project(corrected, batchAxes);
      corrections[index] = sub(corrected, y);
    }
  }
  return y;
}

/** The sets with their boxes put together, behind the others. */
function withOneBox(sets: readonly ConvexSet[]): readonly ConvexSet[] {
  const isBox = ({ ends }: ConvexSet): boolean => ends !== undefined;
  const boxes = sets
    .filter(isBox)
    .reduce<ConvexSet | undefined>((a, b) => (a === undefined ? b : common(a, b)), undefined);
  const others = sets.filter((set) => !isBox(set));
  return boxes === undefined ? others : [...others, boxes];
}

function common(a: ConvexSet, b: ConvexSet): ConvexSet {
  const [[lowA, highA], [lowB, highB]] = [a.ends ?? [-Infinity, Infinity], b.ends ?? [-Infinity, Infinity]];
  return box(combine(Math.max, lowA, lowB), combine(Math.min, highA, highB));
}

/** Element by element. @throws SHAPE_MISMATCH */
function combine(pick: (a: number, b: number) => number, a: End, b: End): End {
  if (typeof a === 'number' && typeof b === 'number') return pick(a, b);
  if (a instanceof Tensor && b instanceof Tensor && !sameShape(a.shape, b.shape)) {
    const received = `[${a.shape.join(', ')}] and [${b.shape.join(', ')}]`;
    throw new BilevelError('SHAPE_MISMATCH', `Expected boxes of one shape for intersection but received ${received}.`);
  }
  const { shape, size } = a instanceof Tensor ? a : (b as Tensor);
  return Tensor.from(
    Array.from({ length: size }, (_, position) => pick(endAt(a, position), endAt(b, position))),
    shape,
  );
}
