export {
  type CheckResult,
  checkNetwork,
  computeQuantities,
  type Errors,
  evaluateQuantities,
  float64Errors,
  type OracleInput,
  type OutputOracle,
  referenceErrors,
  toleranceOf,
  withinTolerance,
} from './check.js';
export type { CheckProgress } from './differences.js';
export { type CheckPoint, randomPoint, referencePoint } from './point.js';
export { checkQuantities, isRandom, type QuantityName } from './quantities.js';
