/**
 * Problems, methods, networks, tensors and errors.
 *
 * @module bilevel
 */

// Solvers are Disposable; the reference brings that type to projects whose own libraries lack it.
/// <reference lib="esnext.disposable" preserve="true" />

import { warnWithoutAddon } from '../engine/index.js';
import { methods } from '../solvers/index.js';

warnWithoutAddon();

export type { Augmentation } from '../bilevel/augment.js';
export type { ConstraintWriter } from '../bilevel/constraints.js';
export {
  type AnyFeed,
  type AnyPoint,
  type AugmentOptions,
  augment,
  type BallOptions,
  type BilevelProblem,
  type BilevelStatement,
  bilevelProblem,
  type CenterOptions,
  type Constraint,
  type Constraints,
  type ConvexSet,
  type EpisodeFeed,
  type EpisodeFeedOptions,
  type Evaluations,
  type Feed,
  type FeedInputs,
  type FeedNodes,
  type FeedOptions,
  feed,
  type IntersectionOptions,
  type L2BallOptions,
  type LowerPoint,
  type MinimizationProblem,
  type MinimizationStatement,
  minimizationProblem,
  type NodeTree,
  type PerSample,
  type Point,
  perSample,
  perTask,
  type ResidentFeed,
  type ResidentInputs,
  type StreamFeed,
  type StreamInputs,
  type StreamOptions,
  sets,
  type Variable,
} from '../bilevel/index.js';
export type { End } from '../bilevel/sets/set.js';
export type { DifferenceResult } from '../checking/differences.js';
export { type CheckProblemOptions, checkProblem, type DerivativeName, type ProblemCheck } from '../checking/index.js';
export { RunAborted } from '../engine/index.js';
export { BilevelError, type ErrorCode } from '../errors.js';
export { runningStatistics, type StatisticsOptions } from '../network/running-statistics.js';
export {
  type Application,
  type ApplyOptions,
  type BatchStatistics,
  type LoadOptions,
  type ModelWarning,
  Network,
  type NetworkInput,
  type NetworkInputs,
  type NetworkTensor,
  type OnnxLimits,
  type TensorKind,
} from '../onnx/index.js';
export type { Exporter } from '../onnx/origins.js';
export type { WarningCode } from '../onnx/training/warnings.js';
export { type Schedule, type ScheduleFunction, schedules } from '../schedules/index.js';
export type { Followed, Plateau } from '../schedules/schedule.js';
export {
  type Adaptation,
  type AdaptOptions,
  adapt,
  type CauseKind,
  type CompileProgress,
  type ConstraintReport,
  type CreateOptions,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type FilledOptions,
  type MemoryOrder,
  type MemoryUse,
  type MethodCounter,
  type MethodReport,
  type MethodResources,
  type MethodSolver,
  type MethodState,
  type MinimizeReport,
  type MinimizeSolver,
  type MinimizeState,
  methods,
  minimize,
  type NamedMethod,
  type NonFiniteCause,
  type NonFiniteDetails,
  NonFiniteError,
  type OperandRange,
  type PenaltyReport,
  type PenaltySolver,
  type RespondOptions,
  type Response,
  type ResponseReport,
  type ResponseSearch,
  type ResponseStatus,
  type RunOptions,
  readState,
  respond,
  type SavedState,
  type Solver,
  type SolverResources,
  type SolverState,
  type StandardReport,
  type StepOptions,
  type StepReport,
  type WatchOptions,
  writeState,
} from '../solvers/index.js';
export type { Samplers } from '../solvers/machine/batches.js';
export type * from '../solvers/method-options.js';
export type { PenaltyDetails } from '../solvers/methods/penalty/penalty.js';
export type { OnStep } from '../solvers/response/responder.js';
export type { Configuration, LowerOf, NamesOf, VariableNames } from '../solvers/state.js';
export { type ReportOptions, report } from '../study/solver-run.js';
export { type DType, type Shape, Tensor, type TensorArrays, type TensorType } from '../tensor.js';
export type { Outcome } from '../tensorboard/hyperparameters.js';
export { type TensorBoard, type TensorBoardOptions, tensorBoard } from '../tensorboard/index.js';

/** The penalty method (Mehra and Hamm 2021), which is `methods.penalty` too. */
export const penalty = methods.penalty;
