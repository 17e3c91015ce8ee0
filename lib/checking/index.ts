export {
  type CheckResult,
  checkNetwork,
  computeQuantities,
  float64Errors,
  type OracleInput,
  type OutputOracle,
  referenceErrors,
} from './check.js';
export type { CheckProgress } from './differences.js';
export { evaluateQuantities } from './evaluation.js';
export { type CheckPoint, randomPoint, referencePoint } from './point.js';
export { type CheckProblemOptions, checkProblem, type DerivativeName, type ProblemCheck } from './problem.js';
export { checkQuantities, isRandom, type QuantityName } from './quantities.js';
export { type Errors, toleranceOf, withinTolerance } from './tolerance.js';
