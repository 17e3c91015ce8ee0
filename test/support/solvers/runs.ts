import type { BilevelProblem } from '../../../lib/bilevel/index.js';
import type { Option } from '../../../lib/options.js';
import type { SavedState, SolverState } from '../../../lib/solvers/index.js';
import { findMethod, type MethodResources, type MethodSolver, methods } from '../../../lib/solvers/index.js';
import { methodRows } from './method-rows.js';
import { smallProblem } from './small-problem.js';

export type MethodName = keyof typeof methods;
export const methodNames = Object.keys(methods) as MethodName[];

/** `momentum` where an option of a method knows it. */
export const momentumOf = (option: Option | undefined): string =>
  option?.kind === 'choice' && option.values.includes('momentum') ? 'momentum' : 'sgd';

export const openMethod = (
  name: MethodName,
  problem: BilevelProblem,
  options: object,
  resources: MethodResources,
): MethodSolver => findMethod(name)(problem, options, resources);

/** The small problem, whose upper level also holds where v starts for a method that starts there. */
export const smallFor = (name: MethodName): BilevelProblem =>
  smallProblem({ batch: 8, starts: methods[name].startsAtUpper ?? false });

/** A method on the small problem, by the options of its row and others. */
export const openSmall = (name: MethodName, resources: MethodResources, options: object = {}): MethodSolver =>
  openMethod(name, smallFor(name), { ...methodRows[name].small, ...options }, resources);

/** Every bit of a state, and its counters and samplers. */
export function contents<S extends SolverState>(solver: { serialize(state: S): SavedState }, state: S): unknown {
  const { tensors, values } = solver.serialize(state);
  return structuredClone([[...tensors].map(([name, { data }]) => [name, ...new Int32Array(data.buffer)]), values]);
}

/** The reports of so many iterations, without the time that they took. */
export async function reports<S, R extends { readonly wallMs: number }>(
  solver: { run(options: { state: S; iterations: number }): AsyncIterable<R> },
  state: S,
  iterations: number,
): Promise<Omit<R, 'wallMs'>[]> {
  const all: Omit<R, 'wallMs'>[] = [];
  for await (const { wallMs: _, ...report } of solver.run({ state, iterations })) all.push(report);
  return all;
}
