export {
  type CheckResult,
  checkNetwork,
  computeQuantities,
  type Errors,
  evaluateQuantities,
  float64Errors,
  isRandom,
  type LogitsOracle,
  referenceErrors,
  tolerances,
  withinTolerance,
} from './check.js';
export { type CheckPoint, randomPoint, referencePoint } from './point.js';
export { denoisingQuantities, type QuantityName, quantityNames } from './quantities.js';
