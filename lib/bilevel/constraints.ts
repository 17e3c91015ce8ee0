import { BilevelError, checkKeys, checkRecord, invalidArgument } from '../errors.js';
import { type Node, requireNode, writtenIn } from '../graph/index.js';
import { formatType } from '../tensor.js';

/**
 * A condition on (u, v) that is stated as a graph: float32 of any shape, with the trials as first axis if there are
 * any.
 */
export interface Constraint {
  readonly name: string;
  /** `equality`: every element is 0. `inequality`: no element is above 0. */
  readonly kind: 'equality' | 'inequality';
  readonly value: Node;
}

/** The constraints of each level. */
export interface Constraints {
  readonly upper: readonly Constraint[];
  readonly lower: readonly Constraint[];
}

/** Writes the constraints of one kind: named nodes. */
export type ConstraintWriter<P> = (point: P) => Readonly<Record<string, Node>>;

export interface ConstraintStatement<P> {
  /** e(u, v) = 0 */
  readonly equalities?: { readonly upper?: ConstraintWriter<P>; readonly lower?: ConstraintWriter<P> };
  /** h(u, v) <= 0 */
  readonly inequalities?: { readonly upper?: ConstraintWriter<P>; readonly lower?: ConstraintWriter<P> };
}

/** @throws INVALID_ARGUMENT, SHAPE_MISMATCH naming the constraint */
export function stateConstraints<P>(
  statement: ConstraintStatement<P>,
  point: P,
  trials: number | undefined,
): Constraints {
  const { equalities = {}, inequalities = {} } = statement;
  checkKeys(equalities, ['upper', 'lower'], 'equalities of bilevelProblem');
  checkKeys(inequalities, ['upper', 'lower'], 'inequalities of bilevelProblem');
  const stated = new Set<string>();
  const write = (level: 'upper' | 'lower'): Constraint[] => [
    ...writeConstraints('equality', equalities[level], point, trials, stated),
    ...writeConstraints('inequality', inequalities[level], point, trials, stated),
  ];
  return Object.freeze({ upper: write('upper'), lower: write('lower') });
}

function writeConstraints<P>(
  kind: Constraint['kind'],
  writer: ConstraintWriter<P> | undefined,
  point: P,
  trials: number | undefined,
  stated: Set<string>,
): Constraint[] {
  if (writer === undefined) return [];
  if (typeof writer !== 'function') throw invalidArgument(`the ${kind} constraints`, 'a function of the point', writer);
  const values = writtenIn(`the ${kind} constraints`, () => writer(point));
  checkRecord(values, `the ${kind} constraints`);
  return Object.entries(values).map(([name, given]) => {
    const what = `the ${kind} constraint ${name}`;
    const value = requireNode(given, what);
    if (stated.has(name)) throw invalidArgument(what, 'a name that no other constraint has', name);
    stated.add(name);
    if (value.dtype !== 'float32' || (trials !== undefined && value.shape[0] !== trials)) {
      const expected = trials === undefined ? 'float32' : `float32 with a first axis of the ${trials} trials`;
      throw new BilevelError('SHAPE_MISMATCH', `Expected ${what} to be ${expected} but it is ${formatType(value)}.`);
    }
    return { name, kind, value };
  });
}
