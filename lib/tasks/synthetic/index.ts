export { judge, type Verdict } from './acceptance.js';
export { drawData } from './data.js';
export { DistanceMeter, definitions, type ProblemName, problemNames, syntheticProblem } from './problems.js';
export { paperIterations, publishedSeconds, type Reference, referenceOf } from './reference.js';
export { type RunResult, readRun, SyntheticRun, smallestEigenvalues } from './run.js';
export {
  methodOptions,
  nameOfRun,
  paperPlan,
  type RunKey,
  runsOf,
  type SyntheticSettings,
  syntheticOptions,
  validateSettings,
} from './settings.js';
export { syntheticStudy } from './study.js';
export { synthetic } from './task.js';
