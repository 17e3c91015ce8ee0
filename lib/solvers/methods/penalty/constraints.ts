import type { BilevelProblem } from '../../../bilevel/index.js';
import { abs, maximum, type Node, reduceMax } from '../../../graph/index.js';
import type { Phase } from '../../machine/phase.js';
import type { SolverState } from '../../state.js';

/** How far a constraint is from being kept. */
export interface ConstraintReport {
  /** Largest |e| of an equality, largest max(0, h) of an inequality. */
  readonly violation: number;
  /** Its multipliers, element by element; empty when none are kept. */
  readonly multipliers: readonly number[];
}

/** Outputs of the largest violation of each constraint, by `violation.name`. */
export function violations({ constraints: { upper, lower } }: BilevelProblem): Record<string, Node> {
  return Object.fromEntries(
    [...upper, ...lower].map(({ name, kind, value }) => [
      `violation.${name}`,
      reduceMax(kind === 'equality' ? abs(value) : maximum(value, 0)),
    ]),
  );
}

export function reportConstraints(
  { constraints: { upper, lower } }: BilevelProblem,
  phase: Phase,
  { tensors }: SolverState,
): Readonly<Record<string, ConstraintReport>> {
  const report = (name: string, binding: string): [string, ConstraintReport] => [
    name,
    { violation: phase.output(`violation.${name}`)[0] ?? Number.NaN, multipliers: tensors[binding]?.toArray() ?? [] },
  ];
  return Object.fromEntries([
    ...upper.map(({ name }) => report(name, `nu/${name}`)),
    ...lower.map(({ name }) => report(name, `v/multiplier.${name}`)),
  ]);
}
