import type { MethodSolver, MinimizeSolver, SavedState, SolverState } from '../solvers/index.js';
import type { Tensor } from '../tensor.js';

type Tensors = Readonly<Record<string, Tensor>>;

/** Features or other parameters that are learned by a bilevel method, or by none. */
export interface Training {
  /** One iteration. @returns the cost on its way: f of a bilevel method, else that of the single level */
  step(signal: AbortSignal): Promise<number>;
  /** What is shared, as it is now: u, or v of a single level. */
  shared(): Tensors;
  /** Iterations made. */
  iteration(): number;
  save(): SavedState;
  dispose(): void;
}

/** @param saved where it stood @throws STATE_MISMATCH */
export function trainingOf(solver: MethodSolver, saved: SavedState | undefined): Training {
  const state = saved === undefined ? solver.init() : solver.restore(saved);
  return {
    ...commonOf(solver, state),
    step: async (signal) => (await solver.step(state, { signal })).f,
    shared: () => state.u,
  };
}

/** The same of a single level. @throws STATE_MISMATCH */
export function singleTrainingOf(solver: MinimizeSolver, saved: SavedState | undefined): Training {
  const state = saved === undefined ? solver.init() : solver.restore(saved);
  return {
    ...commonOf(solver, state),
    step: async (signal) => (await solver.step(state, { signal })).g,
    shared: () => state.v,
  };
}

function commonOf<S extends SolverState<'iteration'>>(
  solver: { serialize(state: S): SavedState; dispose(): void },
  state: S,
): Omit<Training, 'step' | 'shared'> {
  return {
    iteration: () => state.counters.iteration,
    save: () => solver.serialize(state),
    dispose: () => solver.dispose(),
  };
}
