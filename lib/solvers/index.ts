import { penaltyOptions } from './penalty/options.js';
import { penalty } from './penalty/penalty.js';

export {
  type GivenMinimizeOptions,
  type MinimizeOptions,
  type MinimizeReport,
  MinimizeSolver,
  type MinimizeState,
  minimize,
  minimizeOptions,
} from './minimize.js';
export {
  type GivenPenaltyOptions,
  type PenaltyOptions,
  penaltyOptions,
  validatePenaltyOptions,
} from './penalty/options.js';
export { PenaltySolver, penalty } from './penalty/penalty.js';
export type { Evaluations, PenaltyReport, PenaltyState } from './penalty/report.js';
export { type RunOptions, Solver, type SolverResources, type StepOptions, type StepReport } from './solver.js';
export { readState, type SavedState, SolverState, writeState } from './state.js';

/** Every bilevel method by name, with its option table. A new one is a file and a line here. */
export const methods = {
  penalty: { solve: penalty, options: penaltyOptions },
} as const;
