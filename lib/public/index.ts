// bilevel: problems, methods, networks, tensors and errors.

// Solvers are Disposable; the reference brings that type to projects whose own libraries lack it.
/// <reference lib="esnext.disposable" preserve="true" />

import { methods } from '../solvers/index.js';

export {
  type AnyFeed,
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
  type StreamFeed,
  type StreamOptions,
  sets,
} from '../bilevel/index.js';
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
export { type Schedule, type ScheduleFunction, schedules } from '../schedules/index.js';
export {
  type Adaptation,
  type AdaptOptions,
  adapt,
  type CompileProgress,
  type ConstraintReport,
  type CreateOptions,
  type EvaluateOptions,
  type Evaluation,
  evaluate,
  type FilledOptions,
  type MemoryOrder,
  type MemoryUse,
  type MethodReport,
  type MethodResources,
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
  type SolverResources,
  type SolverState,
  type StandardReport,
  type StepOptions,
  type StepReport,
  type WatchOptions,
  writeState,
} from '../solvers/index.js';
export type * from '../solvers/method-options.js';
export { type ReportOptions, report } from '../study/solver-run.js';
export { type DType, type Shape, Tensor, type TensorType } from '../tensor.js';
export { type TensorBoard, type TensorBoardOptions, tensorBoard } from '../tensorboard/index.js';

/** The penalty method (Mehra and Hamm 2021), which is `methods.penalty` too. */
export const { penalty } = methods;
