export {
  type BilevelProblem,
  type BilevelStatement,
  type Bounds,
  bilevelProblem,
  type Feed,
  type FeedOptions,
  feed,
  type MinimizationProblem,
  type MinimizationStatement,
  minimizationProblem,
  type PerSample,
  type Point,
  perSample,
} from './bilevel/index.js';
export { type CpuOptions, Device, type DeviceInfo } from './engine/index.js';
export { BilevelError, type ErrorCode } from './errors.js';
export * from './graph/composites/index.js';
export * from './graph/functions/index.js';
export { gradient, hessianVectorProduct, mixedJacobianVectorProduct, type Node } from './graph/index.js';
export { type LoadOptions, type ModelWarning, Network, type NetworkTensor, type OnnxLimits } from './onnx/index.js';
export { type Schedule, schedules } from './schedules/index.js';
export {
  type Evaluations,
  type GivenMinimizeOptions,
  type GivenPenaltyOptions,
  type MinimizeReport,
  MinimizeSolver,
  type MinimizeState,
  minimize,
  minimizeOptions,
  type PenaltyReport,
  PenaltySolver,
  type PenaltyState,
  penalty,
  penaltyOptions,
  type RunOptions,
  readState,
  type SavedState,
  type SolverResources,
  type SolverState,
  type StepOptions,
  writeState,
} from './solvers/index.js';
export { type DType, type Shape, Tensor } from './tensor.js';
