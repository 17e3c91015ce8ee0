export {
  type CheckResult,
  checkNetwork,
  type Errors,
  type LogitsOracle,
  tolerances,
  withinTolerance,
} from './check.js';
export { type CheckPoint, randomPoint, referencePoint } from './point.js';
export { type QuantityName, quantityNames } from './quantities.js';
