import type { Named } from './method.js';
import type { OptionsByMethod } from './method-options.js';
import * as all from './methods/index.js';

export { type Complexity, complexityOf } from './complexity.js';
export {
  type CauseKind,
  type NonFiniteCause,
  type NonFiniteDetails,
  NonFiniteError,
  type OperandRange,
} from './diagnosis/non-finite.js';
export { type AnyMethod, findMethod, methodNames } from './find-method.js';
export type { CompileProgress } from './machine/compile-stated.js';
export { lowerDescendsUpperNote, type MemoryOrder, type MethodDefinition } from './machine/definition.js';
export { type MemoryUse, type MethodReport, MethodSolver, type StandardReport } from './machine/method-solver.js';
export type { MethodCounter, MethodState } from './machine/method-state.js';
export type { FilledOptions, Method, NamedMethod } from './method.js';
export type * from './method-options.js';
export * from './methods/index.js';
export type { ConstraintReport } from './methods/penalty/constraints.js';
export { type PenaltySettings, penaltyOptions, validatePenaltyOptions } from './methods/penalty/options.js';
export type { PenaltyReport, PenaltySolver } from './methods/penalty/penalty.js';
export {
  type MinimizeReport,
  MinimizeSolver,
  type MinimizeState,
  minimize,
  minimizeOptions,
} from './minimize.js';
export { type Adaptation, type AdaptOptions, adapt } from './response/adapt.js';
export { type EvaluateOptions, type Evaluation, evaluate } from './response/evaluate.js';
export { type RespondOptions, type Response, respond } from './response/respond.js';
export type { ResponseStatus } from './response/responder.js';
export type { ResponseReport, ResponseSearch, WatchOptions } from './response/watch.js';
export {
  type CreateOptions,
  type MethodResources,
  type RunOptions,
  Solver,
  type SolverResources,
  type StepOptions,
  type StepReport,
} from './solver.js';
export { readState, type SavedState, SolverState, writeState } from './state.js';

/** Every bilevel method by name. @namespace */
export const methods: { readonly [K in keyof OptionsByMethod]: Named<OptionsByMethod[K], (typeof all)[K]> } = all;
