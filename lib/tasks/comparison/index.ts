export { type Curve, type Measurement, meanAt, meanUntil, readCurve, valueAt } from './curves.js';
export { ComparisonRun } from './run.js';
export { type Budget, comparedMethods, type MethodRun, methodRun } from './settings.js';
export { compareStudy } from './study.js';
