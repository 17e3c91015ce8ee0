export { type AugmentOptions, augment, checkAugmentation, describeAugmentation } from './augment.js';
export { checkReal } from './check-tensor.js';
export type { Constraint, Constraints } from './constraints.js';
export {
  type AnyFeed,
  allArrays,
  type EpisodeFeed,
  type EpisodeFeedOptions,
  type Feed,
  type FeedOptions,
  feed,
  type ResidentFeed,
} from './feed.js';
export { type FeedInputs, feedBinding, isResident, type ResidentInputs, type StreamInputs } from './inputs.js';
export {
  type EvaluationCount,
  type Evaluations,
  type OracleStatement,
  Oracles,
  oracles,
  type Pair,
  type Step,
} from './oracles.js';
export { type NodeTree, perTask } from './per-task.js';
export {
  type AnyPoint,
  type BilevelProblem,
  type BilevelStatement,
  bilevelProblem,
  type Draws,
  type FeedNodes,
  type LowerPoint,
  type MinimizationProblem,
  type MinimizationStatement,
  minimizationProblem,
  type Point,
  requireProblem,
} from './problem.js';
export {
  affine,
  type BallOptions,
  box,
  type CenterOptions,
  type ConvexSet,
  endAt,
  type IntersectionOptions,
  intersection,
  type L2BallOptions,
  l1Ball,
  l2Ball,
  linfBall,
  rows,
  sets,
  simplex,
} from './sets/index.js';
export { checkBatch, type StreamFeed, type StreamOptions } from './stream.js';
export { type PerSample, perSample, type Variable } from './variable.js';
export {
  dot,
  dotOfSlices,
  inUnits,
  minus,
  norm,
  plus,
  plusScaled,
  scaled,
  smallestNormal,
  spread,
  type Vector,
} from './vectors.js';
