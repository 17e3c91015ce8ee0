import type { MethodSolver, MethodState } from '../../../lib/solvers/index.js';

/** Elements of the variables of a level, one variable after the other. */
const elements = (state: MethodState, level: 'u' | 'v'): number[] =>
  Object.values(state[level]).flatMap((tensor) => tensor.toArray());

/**
 * How far one iteration moves u, which at a plain rate of 1 is the direction, and where it leaves v; frees the solver.
 */
export async function movedBy(solver: Pick<MethodSolver, 'init' | 'step' | 'dispose'>) {
  try {
    const [start, state] = [solver.init(), solver.init()];
    const report = await solver.step(state);
    const after = elements(state, 'u');
    const du = elements(start, 'u').map((value, index) => value - (after[index] ?? Number.NaN));
    return { du, v: elements(state, 'v'), state, report };
  } finally {
    solver.dispose();
  }
}

/** The largest difference of two elements; infinite where the lengths differ. */
export function distance(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  return Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? Number.NaN))));
}
