// Solvers, devices and programs are Disposable; the reference brings that type to projects whose own libraries lack it.
/// <reference lib="esnext.disposable" preserve="true" />

export {
  type AnyFeed,
  affine,
  type BallOptions,
  type BilevelProblem,
  type BilevelStatement,
  bilevelProblem,
  box,
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
  l1Ball,
  l2Ball,
  linfBall,
  type MinimizationProblem,
  type MinimizationStatement,
  minimizationProblem,
  type PerSample,
  type Point,
  perSample,
  rows,
  type StreamFeed,
  type StreamOptions,
  simplex,
} from './bilevel/index.js';
export {
  type CompiledProgram,
  type CompileOptions,
  compile,
  compileCached,
  formatCost,
  type ProgramCost,
  type ProgramSpec,
} from './compile/index.js';
export type { Batch, BatchSource } from './data/batch-reader.js';
export type { Random } from './data/random.js';
export type { EpisodeOptions, EpisodeSampler } from './data/samplers/episodes.js';
export { samplers } from './data/samplers/index.js';
export type { Cursor, Drawable, Sampler } from './data/samplers/sampler.js';
export {
  type CpuOptions,
  Device,
  type DeviceInfo,
  type Precision,
  type Program,
  RunAborted,
  type RunOptions as ProgramRunOptions,
} from './engine/index.js';
export { BilevelError, type ErrorCode } from './errors.js';
export * from './graph/composites/index.js';
export * from './graph/functions/index.js';
export { evaluate, gradient, hessianVectorProduct, mixedJacobianVectorProduct, type Node } from './graph/index.js';
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
} from './onnx/index.js';
export { type Schedule, schedules } from './schedules/index.js';
export {
  type ConstraintReport,
  type GivenMinimizeOptions,
  type GivenPenaltyOptions,
  type MemoryOrder,
  type MemoryUse,
  type Method,
  type MethodReport,
  type MethodState,
  type MinimizeOptions,
  type MinimizeReport,
  MinimizeSolver,
  type MinimizeState,
  methods,
  minimize,
  minimizeOptions,
  type NonFiniteCause,
  type NonFiniteDetails,
  NonFiniteError,
  type PenaltyOptions,
  type PenaltyReport,
  type PenaltySolver,
  penaltyOptions,
  type RunOptions,
  readState,
  type SavedState,
  type SolverResources,
  type SolverState,
  type StandardReport,
  type StepOptions,
  type StepReport,
  writeState,
} from './solvers/index.js';
export * from './solvers/methods/index.js';
export { runningStatistics, type StatisticsOptions } from './tasks/running-statistics.js';
export { type DType, type Shape, Tensor, type TensorType } from './tensor.js';
