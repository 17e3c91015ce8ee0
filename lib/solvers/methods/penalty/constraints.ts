import type { BilevelProblem } from '../../../bilevel/index.js';
import { abs, maximum, type Node, reduceMax } from '../../../graph/index.js';
import type { Iteration } from '../../machine/iteration.js';
import type { Phase } from '../../machine/phase.js';

/** How far a constraint is from being kept. */
export interface ConstraintReport {
  /** Largest |e| of an equality, largest max(0, h) of an inequality. */
  readonly violation: number;
  /** Its multipliers, element by element; empty when none are kept. */
  readonly multipliers: readonly number[];
}

/** The binding name of the multipliers of a constraint of a level. */
export const multiplierBinding = (level: 'u' | 'v', constraint: string): string => `${level}.multiplier/${constraint}`;

/** Outputs of the largest violation of each constraint, by `violation.name`. */
export function violations({ constraints: { upper, lower } }: BilevelProblem): Record<string, Node> {
  return Object.fromEntries(
    [...upper, ...lower].map(({ name, kind, value }) => [
      `violation.${name}`,
      reduceMax(kind === 'equality' ? abs(value) : maximum(value, 0)),
    ]),
  );
}

export async function reportConstraints(
  { constraints: { upper, lower } }: BilevelProblem,
  phase: Phase,
  iteration: Iteration,
): Promise<Readonly<Record<string, ConstraintReport>>> {
  const bindings = [
    ...upper.map(({ name }) => [name, multiplierBinding('u', name)] as const),
    ...lower.map(({ name }) => [name, multiplierBinding('v', name)] as const),
  ];
  const reports: Record<string, ConstraintReport> = {};
  for (const [name, binding] of bindings) {
    const violation = phase.output(`violation.${name}`)[0] ?? Number.NaN;
    reports[name] = { violation, multipliers: await iteration.read(binding) };
  }
  return reports;
}
