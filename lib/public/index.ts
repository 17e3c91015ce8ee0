// bilevel: problems, methods, networks, tensors and errors.

// Solvers are Disposable; the reference brings that type to projects whose own libraries lack it.
/// <reference lib="esnext.disposable" preserve="true" />

export {
  type AnyFeed,
  type BallOptions,
  type BilevelProblem,
  type BilevelStatement,
  bilevelProblem,
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
  type LowerPoint,
  type MinimizationProblem,
  type MinimizationStatement,
  minimizationProblem,
  type PerSample,
  type Point,
  perSample,
  type StreamFeed,
  type StreamOptions,
  sets,
} from '../bilevel/index.js';
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
export { type Schedule, schedules } from '../schedules/index.js';
export {
  type CompileProgress,
  type ConstraintReport,
  type CreateOptions,
  type GivenMinimizeOptions,
  type GivenPenaltyOptions,
  type MemoryOrder,
  type MemoryUse,
  type Method,
  type MethodReport,
  type MethodState,
  type MinimizeOptions,
  type MinimizeReport,
  type MinimizeSolver,
  type MinimizeState,
  methods,
  minimize,
  type NonFiniteCause,
  type NonFiniteDetails,
  NonFiniteError,
  type PenaltyOptions,
  type PenaltyReport,
  type PenaltySolver,
  penalty,
  type RunOptions,
  readState,
  type SavedState,
  type SolverResources,
  type SolverState,
  type StandardReport,
  type StepOptions,
  type StepReport,
  writeState,
} from '../solvers/index.js';
export { type DType, type Shape, Tensor, type TensorType } from '../tensor.js';
